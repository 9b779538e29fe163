/** One network in all runtimes that take it, in turn. */

import { UnsupportedError } from '../../fastpath/compile/errors.ts';
import type { Graph, TensorData } from '../../reference/index.ts';
import { checkAgreement, DisagreementError } from './agreement.ts';
import { measure, type MeasureOptions } from './measure.ts';
import type { NetworkResult } from './results.ts';
import type { Peer, Session } from './session.ts';

export type ContestResult = Pick<NetworkResult, 'timings' | 'differences'>;

/**
 * Opens the graph in all runtimes, holds their outputs to the first one's, and times them. One whose float32 outputs
 * are others is an error: the weights may have gone wrong on their way. Integers that are others are left out and noted:
 * not every runtime computes what it takes.
 *
 * @throws {DisagreementError} where float32 outputs differ
 */
export async function contest(
  graph: Graph,
  input: TensorData,
  runtimes: readonly Peer[],
  options: MeasureOptions & { readonly notes: string[] },
): Promise<ContestResult> {
  const opened: Opened[] = [];
  const differences: Record<string, number> = {};
  try {
    for (const { name, open } of runtimes) {
      const session = await openIfTaken(open, graph);
      if (session === undefined) continue;
      opened.push({ name, session });
      session.load([input]);
      await session.compute();
      const [first] = opened;
      if (first === undefined || first.session === session) continue;
      try {
        differences[name] = checkAgreement(name, graph, first.session, session);
      } catch (error) {
        if (!(error instanceof DisagreementError) || graph.precision === 'float32') throw error;
        options.notes.push(error.message);
        opened.pop();
        await session.release();
      }
    }
    const contestants = opened.map(({ name, session }) => ({ name, compute: session.compute }));
    return { timings: await measure(contestants, options), differences };
  } finally {
    for (const { session } of opened) await session.release();
  }
}

interface Opened {
  readonly name: string;
  readonly session: Session;
}

/** Undefined where the runtime does not take the graph. */
async function openIfTaken(open: Peer['open'], graph: Graph): Promise<Session | undefined> {
  try {
    return await open(graph);
  } catch (error) {
    if (error instanceof UnsupportedError) return undefined;
    throw error;
  }
}
