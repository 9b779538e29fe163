/** The committed goldens hold, and a back end that is wrong is told where. */

import { describe, expect, it } from 'vitest';
import { referenceBackend, type Backend } from '../golden/backend.ts';
import { fastpathBackend } from '../golden/fastpath-backend.ts';
import { decodeGolden } from '../golden/file.ts';
import { goldenInputs } from '../golden/inputs.ts';
import { recordGolden, type GoldenEntry, type GoldenRecord } from '../golden/record.ts';
import {
  mobilenetV2,
  quantizeGraph,
  type Graph,
  type PrecisionName,
  type Tensor,
} from '../reference/index.ts';
import { readBytes } from '../tools/files.ts';
import { loadModel, packagePath, precisionNames, type EmbeddedName } from '../tools/models.ts';
import { checkGolden, checkInput } from './check-golden.ts';
import { compareNetwork } from './compare-network.ts';
import { textbookBackend } from './test/textbook-kernels.ts';

function committed(model: EmbeddedName, precision: PrecisionName): [Graph, GoldenRecord] {
  const path = packagePath('golden', 'outputs', `${model}.${precision}.golden`);
  return [loadModel({ model, precision }), decodeGolden(path, readBytes(path))];
}

describe('committed goldens', () => {
  it.each(precisionNames)('small %s holds in full', async (precision) => {
    const [graph, record] = committed('small', precision);
    expect(await checkGolden(graph, record, referenceBackend)).toEqual({
      inputs: goldenInputs.length,
      equal: goldenInputs.length,
      findings: [],
    });
  });

  // `plumbline golden check large` runs all of them.
  it.each(precisionNames)('large %s holds for noise and a photograph', async (precision) => {
    const [graph, record] = committed('large', precision);
    const network = await referenceBackend.prepare(graph);
    for (const name of ['noise', 'boats of Nagasaki']) {
      const input = goldenInputs.find((each) => each.name === name) ?? expect.unreachable();
      expect(await checkInput(graph, record, input, referenceBackend, network)).toEqual({
        findings: [],
      });
    }
  });
});

describe('the fast path against committed goldens', () => {
  it.each([
    ['small', 'int8'],
    ['small', 'int16'],
    ['large', 'int8'],
    ['large', 'int16'],
  ] as const)('%s %s equals every bit', async (model, precision) => {
    const [graph, golden] = committed(model, precision);
    expect(await checkGolden(graph, golden, fastpathBackend)).toEqual({
      inputs: goldenInputs.length,
      equal: goldenInputs.length,
      findings: [],
    });
  });

  it.each(['small', 'large'] as const)('%s float32 stays within bounds', async (model) => {
    const [graph, golden] = committed(model, 'float32');
    const network = await fastpathBackend.prepare(graph);
    for (const name of ['noise', 'boats of Nagasaki']) {
      const input = goldenInputs.find((each) => each.name === name) ?? expect.unreachable();
      const result = await checkInput(graph, golden, input, fastpathBackend, network);
      expect(result.findings).toEqual([]);
      expect(result.worst).toBeLessThan(1);
    }
  });
});

const float = mobilenetV2({ width: 0.1, resolution: 16, classes: 2, labels: ['a', 'b'] });
const ranges = Object.fromEntries(float.operators.map(({ name }) => [name, [-2, 6] as const]));
const int8 = quantizeGraph(float, { ranges }, { precision: 'int8' });
const record = await recordGolden(int8);
const floatRecord = await recordGolden(float);

/** The reference with some tensors changed after it has run. */
function altered(change: (tensors: Map<string, Tensor>) => void): Backend {
  return {
    name: 'altered',
    prepare: async (graph) => {
      const network = await referenceBackend.prepare(graph);
      return {
        run: async (inputs) => {
          const { intermediates } = await network.run(inputs);
          const tensors = new Map(
            [...intermediates].map(([name, tensor]) => [
              name,
              { ...tensor, data: tensor.data.slice() },
            ]),
          );
          change(tensors);
          const outputs = graph.outputs.map(
            (index) => tensors.get(graph.tensors[index]?.name ?? '') ?? expect.unreachable(),
          );
          return { outputs, intermediates: tensors };
        },
      };
    },
  };
}

function add(tensors: ReadonlyMap<string, Tensor>, name: string, at: number, amount: number): void {
  const data = tensors.get(name)?.data ?? expect.unreachable();
  data[at] = Number(data[at]) + amount;
}

function withFirst(change: (entry: GoldenEntry) => Partial<GoldenEntry>): GoldenRecord {
  const entries = record.entries.map((entry, i) =>
    i === 0 ? { ...entry, ...change(entry) } : entry,
  );
  return { ...record, entries };
}

const length = float.operators.length;

describe('bit for bit', () => {
  it('a right back end may leave tensors out', async () => {
    const backend = altered((tensors) => {
      tensors.delete('stem');
      tensors.delete('head');
    });
    const { findings } = await checkGolden(int8, record, backend);
    expect(findings).toEqual([]);
  });

  it('names the first layer, element and values that differ', async () => {
    let wanted = NaN;
    const backend = altered((tensors) => {
      const data = tensors.get('block_3/project')?.data;
      wanted = Number(data?.[9]);
      add(tensors, 'block_3/project', 9, wanted > 0 ? -1 : 1);
      add(tensors, 'head', 0, 1);
    });
    const { findings, equal, inputs } = await checkGolden(int8, record, backend);
    expect([equal, findings.length]).toEqual([0, inputs]);
    const position = int8.operators.findIndex(({ name }) => name === 'block_3/project');
    expect(findings.at(-1)).toEqual({
      text: `Input "airplane from above": Layer "block_3/project" (conv2d, ${String(position + 1)} of ${String(length)}) differs first, at element 9 [0, 0, 1, 1]: Expected ${String(wanted)} but found ${String(wanted + (wanted > 0 ? -1 : 1))}`,
      input: 'airplane from above',
      layer: 'block_3/project',
      position,
      index: 9,
      coordinates: [0, 0, 1, 1],
      expected: wanted,
      found: wanted + (wanted > 0 ? -1 : 1),
    });
  });

  it('compares what is returned, whatever is reported', async () => {
    const backend: Backend = {
      name: 'liar',
      prepare: async (graph) => {
        const network = await referenceBackend.prepare(graph);
        return {
          run: async (inputs) => {
            const { outputs, intermediates } = await network.run(inputs);
            return {
              outputs: outputs.map((tensor) => ({ ...tensor, data: new Int8Array(2) })),
              intermediates,
            };
          },
        };
      },
    };
    const { findings } = await checkGolden(int8, record, backend);
    expect(findings[0]?.text).toMatch(
      /^Input "noise": Layer "probabilities" \(softmax, \d+ of \d+\) differs first, at element 0 \[0, 0\]: Expected -?\d+ but found 0$/,
    );
  });

  it('refuses tensors that are not what the graph says', async () => {
    const backend = altered((tensors) => {
      const stem = tensors.get('stem') ?? expect.unreachable();
      tensors.set('stem', { ...stem, data: new Int16Array(5) });
    });
    await expect(checkGolden(int8, record, backend)).rejects.toThrow(
      new RangeError('Expected tensor "stem" to have 512 int8 elements but found 5 int16'),
    );
  });
});

describe('a record that the reference does not hold', () => {
  const first = record.entries[0] ?? expect.unreachable();

  it('with another output is told with the element', async () => {
    const [output = new Int8Array()] = first.outputs;
    const value = Number(output[1]);
    const changed = withFirst(() => ({ outputs: [new Int8Array([Number(output[0]), value ^ 1])] }));
    const { findings, equal } = await checkGolden(int8, changed, referenceBackend);
    expect(equal).toBe(goldenInputs.length - 1);
    expect(findings.map(({ text }) => text)).toEqual([
      `Input "noise": Output "probabilities" of the reference differs at element 1 [0, 1]: Expected ${String(value ^ 1)} but found ${String(value)}`,
    ]);
  });

  it('with another digest is told with the layer', async () => {
    const digest = first.digests.get('block_5/expand') ?? '';
    const wrong = 'f'.repeat(32);
    const digests = new Map([...first.digests, ['block_5/expand', wrong], ['head', wrong]]);
    const changed = withFirst(() => ({ digests }));
    const { findings } = await checkGolden(int8, changed, referenceBackend);
    expect(findings.map(({ text }) => text)).toEqual([
      `Input "noise": Layer "block_5/expand" of the reference differs first: Expected digest ${wrong} but found ${digest}`,
    ]);
  });

  it('with another input tensor is told so', async () => {
    const changed = withFirst(() => ({ sha256: '00' }));
    const { findings } = await checkGolden(int8, changed, referenceBackend);
    expect(findings.map(({ text }) => text)).toEqual([
      `Input "noise": Expected a tensor of SHA-256 00 but found ${first.sha256}`,
    ]);
  });

  it('of another graph, with other inputs or layers is not run', async () => {
    const texts = async (changed: GoldenRecord): Promise<readonly string[]> => {
      const { findings, equal } = await checkGolden(int8, changed, referenceBackend);
      expect(equal).toBe(0);
      return findings.map(({ text }) => text);
    };
    expect(await texts({ ...record, graph: '00' })).toEqual([
      `Expected outputs of the graph with SHA-256 ${record.graph} but found those of 00`,
    ]);
    const [fewer] = await texts({ ...record, entries: [first] });
    expect(fewer).toMatch(/^Expected inputs "noise", .* but found "noise"$/);
    const [layers] = await texts({ ...record, layers: ['stem'] });
    expect(layers).toMatch(/^Expected layers "stem", .* but found "stem"$/);
  });
});

describe('within bounds', () => {
  it.each(['forward', 'backward'] as const)('B1 sums of float32, %s, hold', async (order) => {
    const backend = textbookBackend(order);
    const { findings, equal, worst, outputDifference } = await checkGolden(
      float,
      floatRecord,
      backend,
    );
    expect(findings).toEqual([]);
    expect(equal).toBe(goldenInputs.length);
    expect(worst).toBeGreaterThan(0);
    expect(worst).toBeLessThanOrEqual(1);
    expect(outputDifference).toBeGreaterThan(0);
    expect(outputDifference).toBeLessThan(1e-4);
  });

  it('B1 names the first layer, element and values beyond the bound', async () => {
    const backend = altered((tensors) => {
      add(tensors, 'block_4/expand', 5, 0.25);
    });
    const { findings } = await checkGolden(float, floatRecord, backend);
    expect(findings).toHaveLength(goldenInputs.length);
    expect(findings[0]?.text).toMatch(
      /^Input "noise": Layer "block_4\/expand" \(conv2d, \d+ of \d+\) differs first, at element 5 \[0, 0, 0, 5\]: Expected [-\d.e]+ within [-\d.e]+ but found [-\d.e]+$/,
    );
    expect(findings[0]?.bound).toBeLessThan(1e-4);
  });

  it('B1 needs every tensor', async () => {
    const network = await referenceBackend.prepare(float);
    const input = new Float32Array(16 * 16 * 3);
    const { outputs } = await network.run([input]);
    expect(() => compareNetwork(float, [input], { outputs, intermediates: new Map() })).toThrow(
      new RangeError('Expected the back end to report tensor "stem"'),
    );
    const none = { outputs: [], intermediates: new Map() };
    expect(() => compareNetwork(float, [input], none)).toThrow(
      new RangeError('Expected 1 outputs but found 0'),
    );
  });
});
