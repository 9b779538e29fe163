/** Runtimes are timed on the same network only where they compute the same. */

import type { Graph, TensorData } from '../../reference/index.ts';
import { UsageError } from '../errors.ts';
import type { Session } from './session.ts';

/** A runtime whose outputs are not ours: there is nothing to compare times of. */
export class DisagreementError extends UsageError {}

/** Largest difference of a probability (float32), or of a code. */
const FLOAT_TOLERANCE = 1e-4;
const CODE_TOLERANCE = 2;

/**
 * The largest difference between the last outputs of two runtimes.
 *
 * @throws {DisagreementError} where they differ by more than 1e-4 in float32, or 2 codes
 */
export function checkAgreement(
  name: string,
  graph: Graph,
  expected: Session,
  found: Session,
): number {
  const tolerance = graph.precision === 'float32' ? FLOAT_TOLERANCE : CODE_TOLERANCE;
  const [expectedOutputs, foundOutputs] = [expected.read(), found.read()];
  let largest = 0;
  for (const output of graph.outputs) {
    const difference = largestDifference(expectedOutputs.get(output), foundOutputs.get(output));
    if (!(difference <= tolerance)) {
      throw new DisagreementError(
        `${name}: Expected the outputs of "${graph.name}" (${graph.precision}) within ${String(tolerance)} of the fast path's but found a difference of ${String(difference)}`,
      );
    }
    largest = Math.max(largest, difference);
  }
  return largest;
}

/** NaN where there is no number to compare. */
export function largestDifference(
  expected: TensorData | undefined,
  found: TensorData | undefined,
): number {
  if (expected === undefined || expected.length !== found?.length) return NaN;
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(Number(expected[i]) - Number(found[i]));
    if (Number.isNaN(difference)) return NaN;
    largest = Math.max(largest, difference);
  }
  return largest;
}
