/** A small MobileNetV2 in each precision, for tests. */

import {
  mobilenetV2,
  quantizeGraph,
  RangeObserver,
  type Graph,
  type PrecisionName,
} from '../../reference/index.ts';
import { mulberry32 } from '../../golden/random.ts';

/** 53 operators with weights, on 16x16 pixels. */
export const smallFloat: Graph = mobilenetV2({
  width: 0.1,
  resolution: 16,
  classes: 3,
  labels: ['cat', 'dog', 'eel'],
});

/** The network in a precision, with ranges of seeded noise. */
export function smallNetwork(precision: PrecisionName): Graph {
  if (precision === 'float32') return smallFloat;
  const observer = new RangeObserver(smallFloat);
  const next = mulberry32(7);
  for (let image = 0; image < 4; image++) {
    const data = Uint8Array.from({ length: 16 * 16 * 3 }, () => next() >>> 24);
    observer.observe({ width: 16, height: 16, data });
  }
  return quantizeGraph(smallFloat, { ranges: observer.ranges() }, { precision });
}
