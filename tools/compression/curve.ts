/** Size against accuracy of a model, from 32 bits a weight to 2: rounded to nearest, fitted to photos, and allotted. */

import type { Graph } from '../../reference/index.ts';
import { augment } from './augment.ts';
import { compressGraph, observe, type CompressedGraph, type OnProgress } from './compress-graph.ts';
import { countEqual, firstLabels } from './judge.ts';
import { tensorOf } from './layers.ts';
import { exp2 } from './logarithm.ts';
import { roundGraphToNearest } from './round-to-nearest.ts';
import { deployedBytes, float32Bytes, plainBytes } from './size.ts';
import type { Pixels } from './activations.ts';

/** How a point's weights were made. */
export const manners = ['plain', 'nearest', 'fitted', 'allotted'] as const;
export type Manner = (typeof manners)[number];

export interface CurvePoint {
  readonly model: string;
  readonly manner: Manner;
  /** What was asked for: a precision, a width in bits, a price. */
  readonly name: string;
  readonly bytes: number;
  /** How many times smaller than float32. */
  readonly ratio: number;
  readonly photos: number;
  readonly correct: number;
  /** Photos with the first label of the float32 model, and of the int8 model. */
  readonly likeFloat32: number;
  readonly likeInt8: number;
}

export interface CurveSubject {
  readonly name: string;
  readonly float32: Graph;
  readonly int16: Graph;
  readonly int8: Graph;
  /** What compressed models are fitted to. */
  readonly calibration: readonly Pixels[];
  /** What all models are judged by, with the indices of the right labels. */
  readonly judged: readonly Pixels[];
  readonly labels: readonly number[];
}

const WIDTHS = [8, 6, 4, 3, 2] as const;

/** Logarithms of the prices of a bit. */
const PRICES = [-33, -30, -28, -26, -24, -22, -20] as const;

/** Tells each point as it is measured, with the graph that it is of. */
export async function measureCurve(
  subject: CurveSubject,
  onProgress: OnProgress,
  onPoint: (point: CurvePoint, graph: Graph) => void,
): Promise<void> {
  const { name: model, float32, int16, int8, judged, labels } = subject;
  const passes = 1 + 2 * WIDTHS.length + PRICES.length;
  let done = 0;
  const pass: OnProgress = (part, parts) => {
    onProgress(done + part / parts, passes);
  };
  const float32Labels = await firstLabels(float32, judged);
  const int8Labels = await firstLabels(int8, judged);
  const judge = async (
    manner: Manner,
    name: string,
    graph: Graph,
    bytes: number,
  ): Promise<void> => {
    const own = await firstLabels(graph, judged);
    const point = {
      model,
      manner,
      name,
      bytes,
      ratio: float32Bytes(float32) / bytes,
      photos: judged.length,
      correct: countEqual(own, labels),
      likeFloat32: countEqual(own, float32Labels),
      likeInt8: countEqual(own, int8Labels),
    };
    onPoint(point, graph);
  };
  const judgeCompressed = (
    manner: Manner,
    name: string,
    { graph }: CompressedGraph,
  ): Promise<void> => {
    done += 1;
    return judge(manner, name, graph, deployedBytes(graph));
  };
  for (const graph of [float32, int16, int8]) {
    await judge('plain', graph.precision, graph, plainBytes(graph));
  }
  const [, , width = 1] = tensorOf(int8, int8.inputs[0]).shape;
  const observation = await observe(float32, augment(subject.calibration, width), pass);
  done += 1;
  for (const exponent of PRICES) {
    const rule = { kind: 'price', price: exp2(exponent) } as const;
    const allotted = await compressGraph(int8, observation, rule, pass);
    await judgeCompressed('allotted', `price 2^${String(exponent)}`, allotted);
  }
  for (const bits of WIDTHS) {
    const name = `${String(bits)} bits`;
    await judgeCompressed('nearest', name, roundGraphToNearest(int8, float32, bits));
    const fitted = await compressGraph(int8, observation, { kind: 'bits', bits }, pass);
    await judgeCompressed('fitted', name, fitted);
  }
}
