/** Small random MobileNetV2 classifiers in every precision, calibrated on noise. */

import fc from 'fast-check';
import {
  GraphError,
  mobilenetV2,
  quantizeGraph,
  RangeObserver,
  validateGraph,
  type Graph,
  type Int16Weights,
  type PrecisionName,
  type RgbImage,
} from '../reference/index.ts';
import { seed } from './arbitrary-sums.ts';
import { generator } from './draws.ts';

export interface NetworkCase {
  readonly options: {
    readonly width: number;
    readonly resolution: number;
    readonly classes: number;
    readonly padding: 'same' | 'symmetric';
    readonly seed: number;
  };
  readonly precision: PrecisionName;
  readonly int16Weights: Int16Weights;
  readonly imageSeed: number;
}

export const networkCase: fc.Arbitrary<NetworkCase> = fc.record({
  options: fc.record({
    width: fc.constantFrom(0.1, 0.2, 0.35),
    resolution: fc.oneof(fc.constantFrom(1, 7, 32), fc.integer({ min: 1, max: 48 })),
    classes: fc.integer({ min: 1, max: 20 }),
    padding: fc.constantFrom('same', 'symmetric'),
    seed,
  }),
  precision: fc.constantFrom('float32', 'int8', 'int16'),
  int16Weights: fc.constantFrom('bounded', 'full', 'int8'),
  imageSeed: seed,
});

/** A network of a case; of ranges that noise does not determine, quantisation may make an invalid one. */
export function networkOf({ options, precision, int16Weights, imageSeed }: NetworkCase): Graph {
  const graph = mobilenetV2(options);
  if (precision === 'float32') return graph;
  const observer = new RangeObserver(graph);
  observer.observe(noiseImage(options.resolution, imageSeed + 1));
  const record = { ranges: observer.ranges() };
  return quantizeGraph(graph, record, { precision, int16Weights });
}

/** A network of a case that is valid; a property passes over the others. */
export function validNetworkOf(drawn: NetworkCase): Graph {
  try {
    const graph = networkOf(drawn);
    validateGraph(graph);
    return graph;
  } catch (error) {
    if (error instanceof GraphError) fc.pre(false);
    throw error;
  }
}

export function noiseImage(side: number, imageSeed: number): RgbImage {
  const random = generator(imageSeed);
  const data = Uint8Array.from({ length: 3 * side * side }, () => Math.floor(256 * random()));
  return { width: side, height: side, data };
}
