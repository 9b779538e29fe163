/** Outputs as labelled scores. */

import type { Elements, ProgramTensor } from '../../fastpath/runtime/index.ts';

export interface Score {
  readonly label: string;
  /** A probability. */
  readonly score: number;
}

/** The best classes of a result's first output, best first; of equal ones, in the order of the labels. */
export function scoresOf(
  result: {
    readonly outputs: readonly Elements[];
    readonly description: {
      readonly labels: readonly string[];
      readonly outputs: readonly Pick<ProgramTensor, 'scale' | 'zeroPoint'>[];
    };
  },
  top: number,
): readonly Score[] {
  const [output = new Float32Array(0)] = result.outputs;
  const { labels, outputs } = result.description;
  const { scale, zeroPoint = 0 } = outputs[0] ?? {};
  return Array.from(output, (code, i) => ({
    label: labels[i] ?? String(i),
    // A float32 number, as the reference dequantises (rule Q2).
    score: scale === undefined ? code : Math.fround(scale * (code - zeroPoint)),
  }))
    .sort((a, b) => b.score - a.score)
    .slice(0, top);
}
