/** A thread that runs properties of the suite on one back end, so that one that does not come back can be ended. */

import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { runOperator } from '../../reference/index.ts';
import { loadBackend } from '../../tools/backends.ts';
import { FileError, messageOf } from '../../tools/errors.ts';
import type { Backend } from '../../golden/backend.ts';
import { encodeCase } from '../counterexample/case-file.ts';
import { explainElement, explanationText } from '../counterexample/explain.ts';
import { compareCase, type OperatorCase } from '../operator-case.ts';
import { operatorProperties } from '../properties.ts';
import { runProperty, type PropertyFailure } from '../suite.ts';
import type { ReportFailure, ReportResult } from './data.ts';

/** What a thread is given. */
export interface Work {
  /** Name or module of the back end. */
  readonly argument: string;
  /** Of `operatorProperties`, by position. */
  readonly properties: readonly number[];
  readonly runs: number;
  readonly seed: number;
}

/** What a thread tells, in this order; `started` and `result` for each property. */
export type Message =
  | { readonly type: 'unusable'; readonly text: string }
  | { readonly type: 'loaded'; readonly name: string }
  | { readonly type: 'started'; readonly property: number }
  | { readonly type: 'result'; readonly property: number; readonly result: ReportResult };

/** A back end's name is asked for once, and may be of any length. */
const MAX_NAME = 100;

async function work({ argument, properties, runs, seed }: Work): Promise<void> {
  const tell = (message: Message): void => parentPort?.postMessage(message);
  let backend: Backend;
  try {
    backend = await loadBackend(argument);
  } catch (error) {
    tell({ type: 'unusable', text: error instanceof FileError ? error.text : messageOf(error) });
    return;
  }
  const name = backend.name.slice(0, MAX_NAME);
  tell({ type: 'loaded', name });
  for (const position of properties) {
    const property = operatorProperties[position];
    if (property === undefined) throw new Error(`Expected property ${String(position)}`);
    tell({ type: 'started', property: position });
    const { failure, ...result } = await runProperty(property, backend, { runs, seed });
    const told =
      failure === undefined ? {} : { failure: await failureOf(failure, backend, name, seed) };
    tell({ type: 'result', property: position, result: { ...result, ...told } });
  }
}

async function failureOf(
  failure: PropertyFailure,
  backend: Backend,
  name: string,
  seed: number,
): Promise<ReportFailure> {
  const { failing, violation } = failure;
  const output = await outputOf(failing, backend);
  const noted = { backend: name, seed, drawn: failing, ...(violation && { violation }) };
  const file = Buffer.from(encodeCase({ type: 'operator', ...noted })).toString('base64');
  const explained = violation && explainElement(failing, violation.index, violation.found);
  return {
    ...failure,
    ...(output && { output }),
    ...(explained && { explanation: explanationText(explained) }),
    file,
  };
}

/** The whole output of a case, where the back end gives one. */
async function outputOf(
  drawn: OperatorCase,
  backend: Backend,
): Promise<ReportFailure['output'] | undefined> {
  const { kind, precision, attributes, inputs } = drawn;
  const { shape, data } = runOperator(kind, precision, attributes, inputs);
  try {
    const { computed } = await compareCase(drawn, backend);
    return {
      shape,
      expected: Array.from(data, Number),
      found: Array.from(computed.data, Number),
    };
  } catch {
    // The failure's text tells what it threw.
    return undefined;
  }
}

if (!isMainThread) await work(workerData as Work);
