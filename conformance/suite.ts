/** Runs the properties on a back end and keeps what a report tells. */

import fc from 'fast-check';
import { runGraph, type Backend } from '../golden/backend.ts';
import {
  GraphError,
  type Graph,
  type OperatorKind,
  type PrecisionName,
  type Tensor,
  type TensorData,
} from '../reference/index.ts';
import { compareNetwork, type NetworkComparison } from './compare-network.ts';
import { shrinkValues } from './counterexample/shrink-values.ts';
import { applicable, categoriesOf, type Category } from './coverage.ts';
import {
  compareGraph,
  graphOf,
  type CaseComparison,
  type CaseGraph,
  type OperatorCase,
} from './operator-case.ts';
import { operatorProperties, type OperatorProperty } from './properties.ts';
import type { Violation } from './tolerances.ts';

export interface SuiteOptions {
  /** Cases to draw of each property. */
  readonly runs: number;
  /** What the draws follow from: the same seed, the same cases. */
  readonly seed: number;
  /** Absent: all. */
  readonly operators?: readonly OperatorKind[];
  readonly precisions?: readonly PrecisionName[];
  /** Called before each property. */
  readonly onProperty?: (property: OperatorProperty, position: number, count: number) => void;
}

export interface PropertyResult {
  readonly kind: OperatorKind;
  readonly precision: PrecisionName;
  readonly mode?: string;
  /** Cases that the back end ran and that were compared. */
  readonly compared: number;
  /** Cases that it does not run, and why it refused the first. */
  readonly notRun: number;
  readonly refusal?: string;
  /** Elements that no rule compares, since correct kernels may overflow in them. */
  readonly uncompared: number;
  /** Largest error as a fraction of its bound; 0 where all bits are equal. */
  readonly worst: number;
  readonly milliseconds: number;
  /** How many of the compared cases had each category that such cases can have (`coverage.ts`). */
  readonly coverage: Readonly<Partial<Record<Category, number>>>;
  readonly failure?: PropertyFailure;
}

export interface PropertyFailure {
  /** The smallest case found. */
  readonly failing: OperatorCase;
  /** What is wrong with it: the difference, or what the back end threw. */
  readonly text: string;
  readonly violation?: Violation;
}

export interface SuiteReport {
  readonly backend: string;
  readonly seed: number;
  readonly runs: number;
  readonly results: readonly PropertyResult[];
}

/** Draws cases of every chosen property until one fails or all have run. */
export async function runSuite(backend: Backend, options: SuiteOptions): Promise<SuiteReport> {
  const { runs, seed, operators, precisions, onProperty } = options;
  const chosen = operatorProperties.filter(
    ({ kind, precision }) =>
      (operators?.includes(kind) ?? true) && (precisions?.includes(precision) ?? true),
  );
  const results: PropertyResult[] = [];
  for (const [position, property] of chosen.entries()) {
    onProperty?.(property, position, chosen.length);
    results.push(await runProperty(property, backend, { runs, seed }));
  }
  return { backend: backend.name, seed, runs, results };
}

/** Draws cases of one property. */
export async function runProperty(
  property: OperatorProperty,
  backend: Backend,
  { runs, seed }: Pick<SuiteOptions, 'runs' | 'seed'>,
): Promise<PropertyResult> {
  const start = performance.now();
  const counts = { compared: 0, notRun: 0, uncompared: 0, worst: 0 };
  const coverage: Partial<Record<Category, number>> = Object.fromEntries(
    applicable(property.kind, property.precision).map((category) => [category, 0]),
  );
  let refusal: string | undefined;
  let failed = false;
  const result = await fc.check(
    fc.asyncProperty(property.cases, async (drawn) => {
      const judged = await judge(drawn, backend);
      if (judged.verdict === 'invalid') fc.pre(false);
      // After a failure come the smaller cases tried in its place: they are not of the draw.
      failed ||= judged.verdict === 'different';
      if (failed) return judged.verdict !== 'different';
      if (judged.verdict === 'not run') {
        counts.notRun += 1;
        refusal ??= judged.text;
      } else if (judged.verdict === 'equal') {
        counts.compared += 1;
        counts.uncompared += judged.uncompared;
        counts.worst = Math.max(counts.worst, judged.worst);
        const { computed } = judged;
        for (const category of computed === undefined ? [] : categoriesOf(drawn, computed)) {
          coverage[category] = (coverage[category] ?? 0) + 1;
        }
      }
      return true;
    }),
    { numRuns: runs, seed },
  );
  const [smallest] = result.counterexample ?? [];
  const failure = smallest === undefined ? undefined : await failureOf(smallest, backend);
  const { kind, precision, mode } = property;
  return {
    kind,
    precision,
    ...(mode === undefined ? {} : { mode }),
    ...counts,
    ...(refusal === undefined ? {} : { refusal }),
    milliseconds: performance.now() - start,
    coverage,
    ...(failure === undefined ? {} : { failure }),
  };
}

export type Judgement =
  | {
      readonly verdict: 'equal';
      readonly worst: number;
      readonly uncompared: number;
      /** What the back end computed of a single operator. */
      readonly computed?: Tensor;
    }
  | {
      readonly verdict: 'different';
      readonly text: string;
      readonly violation?: NonNullable<NetworkComparison['violation']>;
    }
  /** The back end has no such operator, or breaks off before it runs. */
  | { readonly verdict: 'not run'; readonly text: string }
  /** The case breaks a rule of the reference. */
  | { readonly verdict: 'invalid' };

/** What a back end makes of a case. Whatever it throws but an UnsupportedError counts as a difference. */
export async function judge(drawn: OperatorCase, backend: Backend): Promise<Judgement> {
  let given: CaseGraph;
  try {
    given = graphOf(drawn);
  } catch (error) {
    if (error instanceof GraphError) return { verdict: 'invalid' };
    throw error;
  }
  return judgedBy(() => compareGraph(given, backend));
}

async function judgedBy(
  compare: () => Promise<NetworkComparison & Partial<CaseComparison>>,
): Promise<Judgement> {
  try {
    const { violation, worst, uncompared, computed } = await compare();
    if (violation === undefined) {
      const equal = { verdict: 'equal', worst: worst.share, uncompared } as const;
      return computed === undefined ? equal : { ...equal, computed };
    }
    const { index, expected, found, bound } = violation;
    const within = bound === 0 ? '' : ` within ${String(bound)}`;
    const text = `Expected element ${String(index)} to be ${String(expected)}${within} but found ${String(found)}`;
    return { verdict: 'different', text, violation };
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    if (isRefusal(error)) return { verdict: 'not run', text };
    return { verdict: 'different', text: `Expected a result but the back end threw: ${text}` };
  }
}

/** By its name: a back end may have the class of another copy of this package, or one of its own. */
function isRefusal(error: unknown): boolean {
  return error instanceof Error && error.name === 'UnsupportedError';
}

/** What a back end makes of a whole network. */
export async function judgeNetwork(
  graph: Graph,
  inputs: readonly TensorData[],
  backend: Backend,
): Promise<Judgement> {
  return judgedBy(async () =>
    compareNetwork(graph, inputs, await runGraph(backend, graph, inputs)),
  );
}

async function failureOf(drawn: OperatorCase, backend: Backend): Promise<PropertyFailure> {
  const fails = async (candidate: OperatorCase): Promise<boolean> =>
    (await judge(candidate, backend)).verdict === 'different';
  const { smallest: failing } = await shrinkValues(drawn, fails);
  const judged = await judge(failing, backend);
  if (judged.verdict !== 'different') {
    const text = 'Expected the same result each time but the back end gives it only sometimes';
    return { failing, text };
  }
  const { text, violation } = judged;
  if (violation === undefined) return { failing, text };
  const { index, expected, found, bound } = violation;
  return { failing, text, violation: { index, expected, found, bound } };
}
