/** A wrong kernel ends in a case that one can work out by hand. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { referenceBackend } from '../../golden/backend.ts';
import { GraphError, operatorGraph, runOperator, validateGraph } from '../../reference/index.ts';
import { elementwise } from '../arbitrary-elementwise.ts';
import { integerSum, sumModes } from '../arbitrary-sums.ts';
import type { OperatorCase } from '../operator-case.ts';
import { operatorProperties, propertyName } from '../properties.ts';
import { failsOn, shrinkValues } from './shrink-values.ts';
import {
  backendOf,
  forgetsTail,
  oneMore,
  padsWithCodeZero,
  symmetricWeights,
  transposesKernel,
} from './test/wrong-backends.ts';

const elements = ({ inputs }: OperatorCase): number => inputs[0]?.data.length ?? 0;

/** The first drawn case that fails, as it is drawn. */
async function drawnFailure(
  arbitrary: fc.Arbitrary<OperatorCase>,
  fails: (candidate: OperatorCase) => Promise<boolean>,
): Promise<OperatorCase> {
  const result = await fc.check(
    fc.asyncProperty(arbitrary, async (each) => !(await fails(each))),
    { seed: 7, numRuns: 2000, endOnFailure: true },
  );
  return result.counterexample?.[0] ?? expect.unreachable('Expected a case that fails');
}

describe('a wrong depthwise kernel ends in a small case', () => {
  it.each([
    ['that pads with code 0', padsWithCodeZero],
    ['that forgets the tail of the channels', forgetsTail],
    ['that transposes its kernel', transposesKernel],
    ['that has no weight of -128', symmetricWeights],
    ['that is off by one', oneMore('depthwiseConv2d')],
  ] as const)('%s', async (_, kernel) => {
    const fails = failsOn(backendOf('wrong', kernel));
    const drawn = await drawnFailure(integerSum('depthwiseConv2d', sumModes.int8), fails);
    const { smallest, exhausted, evaluations } = await shrinkValues(drawn, fails);
    expect(await fails(smallest)).toBe(true);
    // A pixel, two for what lies beside it, or a vector of channels and one.
    expect(elements(smallest)).toBeLessThanOrEqual(9);
    expect(exhausted).toBe(false);
    expect(evaluations).toBeLessThanOrEqual(2000);
    // Two numbers at most that are not zero in each tensor.
    const [input, weights, bias] = smallest.inputs;
    const zero = input?.zeroPoint ?? 0;
    const plain = (values: Iterable<unknown>, real: number): unknown[] =>
      Array.from(values).filter((value) => Number(value) !== real);
    expect(plain(input?.data ?? [], zero).length).toBeLessThanOrEqual(2);
    expect(plain(weights?.data ?? [], 0).length).toBeLessThanOrEqual(2);
    expect(plain(bias?.data ?? [], 0).length).toBeLessThanOrEqual(2);
  });
});

describe('shrinking', () => {
  it.each(operatorProperties.map((each) => [propertyName(each), each] as const))(
    'leaves valid, failing cases: %s',
    async (_, { cases }) => {
      // A property of the result alone, so that much can be taken away.
      const fails = async (each: OperatorCase): Promise<boolean> => {
        const { kind, precision, attributes, inputs } = each;
        validateGraph(operatorGraph(kind, precision, attributes, inputs).graph);
        const { data } = runOperator(kind, precision, attributes, inputs);
        return Promise.resolve(data.some((value: number | bigint) => Number(value) > 5));
      };
      const valid = async (each: OperatorCase): Promise<boolean> => {
        try {
          return await fails(each);
        } catch (error) {
          if (error instanceof GraphError) return false;
          throw error;
        }
      };
      const [drawn] = await sampleFailing(cases, valid);
      if (drawn === undefined) return;
      const copy = structuredClone(drawn);
      const { smallest } = await shrinkValues(drawn, fails, { milliseconds: 400 });
      expect(await fails(smallest)).toBe(true);
      expect(elements(smallest)).toBeLessThanOrEqual(elements(drawn));
      expect(drawn).toEqual(copy);
    },
  );

  it('keeps to its budget', async () => {
    const fails = failsOn(backendOf('wrong', oneMore('depthwiseConv2d')));
    const drawn = await drawnFailure(integerSum('depthwiseConv2d', sumModes.int8), fails);
    let calls = 0;
    const counted = (each: OperatorCase): Promise<boolean> => {
      calls += 1;
      return fails(each);
    };
    const few = await shrinkValues(drawn, counted, { evaluations: 5 });
    expect([calls, few.evaluations, few.exhausted]).toEqual([5, 5, true]);
    const none = await shrinkValues(drawn, counted, { milliseconds: 0 });
    expect([calls, none.evaluations, none.exhausted]).toEqual([5, 0, true]);
    expect(await fails(none.smallest)).toBe(true);
  });

  it('passes on what is no broken rule', async () => {
    const [drawn] = fc.sample(elementwise.relu('int8'), { numRuns: 1, seed: 1 });
    const crash = (): Promise<boolean> => Promise.reject(new TypeError('Crash'));
    await expect(shrinkValues(drawn ?? expect.unreachable(), crash)).rejects.toThrow('Crash');
  });

  it('finds nothing to fail on the reference', async () => {
    const [drawn] = fc.sample(elementwise.softmax('int8'), { numRuns: 1, seed: 1 });
    expect(await failsOn(referenceBackend)(drawn ?? expect.unreachable())).toBe(false);
  });
});

async function sampleFailing(
  cases: fc.Arbitrary<OperatorCase>,
  fails: (each: OperatorCase) => Promise<boolean>,
): Promise<readonly OperatorCase[]> {
  for (const each of fc.sample(cases, { numRuns: 60, seed: 3 })) {
    if (await fails(each)) return [each];
  }
  return [];
}
