/** Layer by layer: time, work, bytes, and how near it comes to what the core can do. */

import type { FastPath, Variant } from '../../fastpath/runtime/index.ts';
import {
  elementCount,
  elementTypes,
  multiplyAccumulates,
  type Graph,
  type Operator,
  type PrecisionName,
} from '../../reference/index.ts';
import { cpuClock } from './clock.ts';
import type { Microbenchmark, Peaks } from './peaks.ts';
import { median } from './statistics.ts';

export type LayerKind = 'pointwise' | 'convolution' | 'depthwise' | 'fully connected' | 'other';

/** One operator, or several that one step computes. */
export interface Layer {
  readonly name: string;
  readonly kind: LayerKind;
  readonly kernels: readonly string[];
  readonly output: readonly number[];
  /** Of the operators with products; 0 of all others. */
  readonly macs: number;
  /** Elements of inputs, constants and output, without padding: what has to be moved at least. */
  readonly bytes: number;
}

export interface TimedLayer extends Layer {
  /** CPU time, the median of passes. */
  readonly milliseconds: number;
  /** Multiply-accumulates a second as a fraction of the peak. */
  readonly ofPeak: number;
}

export interface LayerReport {
  readonly layers: readonly TimedLayer[];
  /** Measured between the layers. */
  readonly peaks: Peaks;
  /** The peak that `ofPeak` and the bounds are held to, in multiply-accumulates a nanosecond. */
  readonly peak: number;
  readonly milliseconds: number;
  readonly macs: number;
  /** All multiply-accumulates at the peak: no run of this network is shorter, but by fewer or wider instructions. */
  readonly lowerBound: number;
  /** The pointwise layers together, as a fraction of the peak. */
  readonly pointwiseOfPeak: number;
}

/** What a network of a precision can do at most in a variant of the kernels. */
export function peakOf(peaks: Peaks, precision: PrecisionName, variant: Variant): number {
  if (precision !== 'float32') return peaks.int16;
  return variant === 'relaxed' ? (peaks.float32Fused ?? peaks.float32) : peaks.float32;
}

const WARM_UP_PASSES = 3;
const SAMPLE_MILLISECONDS = 1;

/**
 * CPU milliseconds of every step of a network, on what its last run left in the inputs: the median of passes, in each of
 * which every step has its turn and is repeated until it takes 1 ms.
 */
export function timeSteps(
  network: Pick<FastPath, 'steps'>,
  passes: number,
  afterPass: () => void = () => undefined,
): readonly number[] {
  const samples = network.steps.map((): number[] => []);
  const repeats = network.steps.map(() => 1);
  for (let pass = -WARM_UP_PASSES; pass < passes; pass++) {
    for (const [i, step] of network.steps.entries()) {
      step.run();
      const times = repeats[i] ?? 1;
      const start = cpuClock.now();
      for (let time = 0; time < times; time++) step.run();
      const milliseconds = (cpuClock.now() - start) / times;
      if (pass < 0) repeats[i] = Math.ceil(SAMPLE_MILLISECONDS / Math.max(milliseconds, 1e-4));
      else samples[i]?.push(milliseconds);
    }
    afterPass();
  }
  return samples.map(median);
}

/**
 * Times every layer, with a sample of the peaks after each pass. `network` is `graph` compiled; its inputs are what the
 * last run left.
 */
export function timeLayers(
  graph: Graph,
  network: FastPath,
  variant: Variant,
  microbenchmark: Microbenchmark,
  passes: number,
): LayerReport {
  microbenchmark.takePeaks();
  const times = timeSteps(network, passes, () => {
    microbenchmark.sample();
  });
  const peaks = microbenchmark.takePeaks();
  const peak = peakOf(peaks, graph.precision, variant);
  return summarizeLayers(layersOf(graph, network), times, peaks, peak);
}

/** `times`: milliseconds of each step; a layer has as many steps as kernels. */
export function summarizeLayers(
  layers: readonly Layer[],
  times: readonly number[],
  peaks: Peaks,
  peak: number,
): LayerReport {
  let position = 0;
  const timed = layers.map((layer): TimedLayer => {
    const own = times.slice(position, (position += layer.kernels.length));
    const milliseconds = sum(own);
    return { ...layer, milliseconds, ofPeak: shareOfPeak(layer.macs, milliseconds, peak) };
  });
  const pointwise = timed.filter(({ kind }) => kind === 'pointwise');
  const macs = sum(timed.map((layer) => layer.macs));
  return {
    layers: timed,
    peaks,
    peak,
    milliseconds: sum(timed.map(({ milliseconds }) => milliseconds)),
    macs,
    lowerBound: macs / (peak * 1e6),
    pointwiseOfPeak: shareOfPeak(
      sum(pointwise.map((layer) => layer.macs)),
      sum(pointwise.map(({ milliseconds }) => milliseconds)),
      peak,
    ),
  };
}

/** `peak` in multiply-accumulates a nanosecond. */
function shareOfPeak(macs: number, milliseconds: number, peak: number): number {
  return macs === 0 ? 0 : macs / (milliseconds * 1e6 * peak);
}

/** The layers of a compiled graph, with at least a step each: operators without one are part of the next. */
export function layersOf(graph: Graph, network: FastPath): readonly Layer[] {
  const layers: Layer[] = [];
  let operators: Operator[] = [];
  let position = 0;
  for (const [i, { name, steps }] of network.description.intermediates.entries()) {
    const operator = graph.operators[i];
    if (operator !== undefined) operators.push(operator);
    if (steps <= position) continue;
    const kernels = network.steps.slice(position, steps).map(({ kernel }) => kernel);
    layers.push(layerOf(graph, operators, name, kernels));
    position = steps;
    operators = [];
  }
  return layers;
}

function layerOf(
  graph: Graph,
  operators: readonly Operator[],
  name: string,
  kernels: readonly string[],
): Layer {
  const last = operators.at(-1);
  const kinds = operators.map((operator) => kindOf(graph, operator));
  const written = new Set(operators.map(({ output }) => output));
  const read = new Set(operators.flatMap(({ inputs }) => inputs).filter((i) => !written.has(i)));
  const moved = [...read, ...(last === undefined ? [] : [last.output])];
  return {
    name,
    kind: kinds.find((kind) => kind !== 'other') ?? 'other',
    kernels,
    output: graph.tensors[last?.output ?? -1]?.shape ?? [],
    macs: sum(
      operators.map((operator, i) =>
        kinds[i] === 'other' ? 0 : multiplyAccumulates(graph, operator),
      ),
    ),
    bytes: sum(moved.map((index) => bytesOf(graph, index))),
  };
}

export function kindOf(graph: Graph, operator: Operator): LayerKind {
  switch (operator.kind) {
    case 'conv2d': {
      const [, height, width] = graph.tensors[operator.inputs[1] ?? -1]?.shape ?? [];
      return height === 1 && width === 1 ? 'pointwise' : 'convolution';
    }
    case 'depthwiseConv2d':
      return 'depthwise';
    case 'fullyConnected':
      return 'fully connected';
    default:
      return 'other';
  }
}

function bytesOf(graph: Graph, index: number): number {
  const tensor = graph.tensors[index];
  if (tensor === undefined) return 0;
  return elementCount(tensor.shape) * elementTypes[tensor.type].bytes;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
