/** Every runtime against the reference, operator by operator in float32, on random cases of one seed. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { elementwise } from '../../../conformance/arbitrary-elementwise.ts';
import { floatSum } from '../../../conformance/arbitrary-sums.ts';
import { compareNetwork } from '../../../conformance/compare-network.ts';
import { describeCase, type OperatorCase } from '../../../conformance/operator-case.ts';
import type { Violation } from '../../../conformance/tolerances.ts';
import { UnsupportedError } from '../../../fastpath/compile/errors.ts';
import { GraphError, operatorGraph, validateGraph } from '../../../reference/index.ts';
import { backendOf, type Peer } from '../session.ts';
import { deviations, explanation } from './deviations.ts';
import { peers } from './peers.ts';

const SEED = 1;
const RUNS = 50;

const cases: Readonly<Record<string, fc.Arbitrary<OperatorCase>>> = {
  conv2d: floatSum('conv2d'),
  depthwiseConv2d: floatSum('depthwiseConv2d'),
  fullyConnected: floatSum('fullyConnected'),
  add: elementwise.add('float32'),
  averagePool: elementwise.averagePool('float32').map(unpadded),
  mean: elementwise.mean('float32'),
  softmax: elementwise.softmax('float32'),
  clamp: elementwise.clamp('float32'),
  relu: elementwise.relu('float32'),
  relu6: elementwise.relu6('float32'),
  pad: elementwise.pad('float32'),
  reshape: elementwise.reshape('float32'),
};

/** Explicit padding of averages is a thing that most formats cannot say: half of the cases go without. */
function unpadded(drawn: OperatorCase): OperatorCase {
  const [width = 0] = drawn.inputs[0]?.shape.slice(2) ?? [];
  if (width % 2 === 0) return drawn;
  return { ...drawn, attributes: { ...drawn.attributes, padding: [0, 0, 0, 0] } };
}

async function violationOf(drawn: OperatorCase, peer: Peer): Promise<Violation | undefined> {
  const { kind, precision, attributes, inputs } = drawn;
  const { graph, activations } = operatorGraph(kind, precision, attributes, inputs);
  validateGraph(graph);
  const network = await backendOf(peer).prepare(graph);
  try {
    return compareNetwork(graph, activations, await network.run(activations)).violation;
  } finally {
    await network.release();
  }
}

for (const peer of peers) {
  describe(peer.name, () => {
    for (const [kind, arbitrary] of Object.entries(cases)) {
      it(`${kind} float32`, async () => {
        let compared = 0;
        const result = await fc.check(
          fc.asyncProperty(arbitrary, async (drawn) => {
            try {
              const violation = await violationOf(drawn, peer);
              compared += 1;
              if (violation === undefined) return;
              const known = explanation(peer.name, drawn, violation);
              if (known === undefined) {
                const { index, expected: wanted, found, bound } = violation;
                throw new Error(
                  `Expected element ${String(index)} to be ${String(wanted)} within ${String(bound)} but found ${String(found)}\n${describeCase(drawn)}`,
                );
              }
            } catch (error) {
              // Cases that break a rule or that the format cannot say count as not drawn.
              if (error instanceof GraphError || error instanceof UnsupportedError) fc.pre(false);
              throw error;
            }
          }),
          { numRuns: RUNS, seed: SEED, maxSkipsPerRun: 1000 },
        );
        if (result.failed) throw new Error(String(result.errorInstance));
        expect(compared).toBe(RUNS);
      });
    }
  });
}

describe('known deviations', () => {
  for (const { peers: names, text, examples } of deviations) {
    for (const peer of peers.filter(({ name }) => names.includes(name))) {
      it.each(examples)(`${peer.name}: $kind: ${text}`, async (drawn) => {
        const violation = await violationOf(drawn, peer);
        expect(violation).toBeDefined();
        if (violation !== undefined) {
          expect(explanation(peer.name, drawn, violation)?.text).toBe(text);
        }
      });
    }
  }
});
