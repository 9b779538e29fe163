/** Golden inputs, records and files. */

import { describe, expect, it } from 'vitest';
import {
  elementCount,
  elementTypeOf,
  mobilenetV2,
  quantizeGraph,
  type Graph,
  type TensorData,
} from '../../reference/index.ts';
import { FileError } from '../../tools/errors.ts';
import { sha256 } from '../../tools/files.ts';
import { pack, unpack } from '../../tools/formats/message-pack.ts';
import { coordinatesOf, elementDifference, recordDifference } from '../differences.ts';
import { decodeGolden, encodeGolden } from '../file.ts';
import { goldenInputs } from '../inputs.ts';
import { digestOf, recordGolden, type GoldenRecord } from '../record.ts';

const float = mobilenetV2({ width: 0.1, resolution: 32, classes: 2, labels: ['a', 'b'] });
const ranges = Object.fromEntries(float.operators.map(({ name }) => [name, [-2, 6] as const]));
const int8 = quantizeGraph(float, { ranges }, { precision: 'int8' });
const int16 = quantizeGraph(float, { ranges }, { precision: 'int16' });
const record = await recordGolden(int8);
const bytes = encodeGolden(record);

/** A record whose first entry is changed. */
function withFirst(
  original: GoldenRecord,
  change: (entry: GoldenRecord['entries'][number]) => Partial<GoldenRecord['entries'][number]>,
): GoldenRecord {
  return {
    ...original,
    entries: original.entries.map((entry, i) => (i === 0 ? { ...entry, ...change(entry) } : entry)),
  };
}

describe('golden inputs', () => {
  it('are at least twelve, by unique names', () => {
    const names = goldenInputs.map((input) => input.name);
    expect(names.length).toBeGreaterThanOrEqual(12);
    expect(new Set(names).size).toBe(names.length);
  });

  it.each([float, int16, int8])(
    'fit the input of a $precision graph, all different',
    async (graph) => {
      const [input] = graph.tensors;
      const digests = new Set<string>();
      for (const { make } of goldenInputs) {
        const data = await make(graph);
        expect(elementTypeOf(data)).toBe(input?.type);
        expect(data).toHaveLength(elementCount(input?.shape ?? []));
        expect(digestOf(await make(graph))).toBe(digestOf(data));
        digests.add(digestOf(data));
      }
      expect(digests.size).toBe(goldenInputs.length);
    },
  );

  it('hold the pixels that their names tell', async () => {
    const make = (name: string, graph: Graph = int8): Promise<TensorData> =>
      goldenInputs.find((input) => input.name === name)?.make(graph) ?? expect.unreachable();
    const row = async (name: string): Promise<number[]> =>
      Array.from({ length: 32 }, (_, x) => x * 3).map(
        (
          (data) => (i) =>
            Number(data[i])
        )(await make(name)),
      );
    expect(new Set((await make('black')) as Int8Array)).toEqual(new Set([-128]));
    expect(new Set((await make('grey')) as Int8Array)).toEqual(new Set([0]));
    expect(new Set((await make('white')) as Int8Array)).toEqual(new Set([127]));
    expect([...((await make('red')) as Int8Array).slice(0, 3)]).toEqual([127, -128, -128]);
    expect((await row('horizontal gradient')).slice(0, 3)).toEqual([-128, -120, -112]);
    expect((await row('horizontal gradient')).at(-1)).toBe(127);
    expect(new Set(await row('vertical gradient'))).toEqual(new Set([-128]));
    expect((await row('checkerboard of 1 pixel')).slice(0, 3)).toEqual([-128, 127, -128]);
    expect((await row('checkerboard of 8 pixels')).slice(6, 10)).toEqual([-128, -128, 127, 127]);
    expect([...(await make('alternating extremes', int16)).slice(0, 2)]).toEqual([-32768, 32767]);
    expect([...(await make('alternating extremes', float)).slice(0, 2)]).toEqual([-1, 1]);
  });
});

describe('golden records', () => {
  it('are the same bytes each time, and read back as they were', async () => {
    expect(encodeGolden(await recordGolden(int8))).toEqual(bytes);
    expect(decodeGolden('a.golden', bytes)).toEqual(record);
    const single = await recordGolden(float);
    expect(decodeGolden('a.golden', encodeGolden(single))).toEqual(single);
  });

  it('have a digest for every operator and all of every output', () => {
    for (const { digests, outputs } of record.entries) {
      expect([...digests.keys()]).toEqual(int8.operators.map(({ name }) => name));
      expect(outputs.map((output) => output.length)).toEqual([2]);
    }
  });

  it('A2 do not tell -0 from 0, nor one NaN from another', () => {
    const nan = new Float32Array(new Uint32Array([0xffc00001]).buffer);
    expect(digestOf(new Float32Array([-0]))).toBe(digestOf(new Float32Array([0])));
    expect(digestOf(nan)).toBe(digestOf(new Float32Array([NaN])));
    expect(nan[0]).toBeNaN();
    expect(new Uint32Array(nan.buffer)[0]).toBe(0xffc00001);
  });

  it('tell what differs', () => {
    expect(recordDifference(record, record)).toEqual({ added: [], removed: [], entries: [] });
    const changed = withFirst({ ...record, graph: '00' }, ({ digests, outputs }) => ({
      sha256: '00',
      digests: new Map([...digests, ['stem', '00'], ['head', '00']]),
      outputs: outputs.map(() => new Int8Array([Number(outputs[0]?.[0]), 99])),
    }));
    const found = { ...changed, entries: changed.entries.slice(0, -1) };
    expect(recordDifference(record, found)).toEqual({
      graph: { expected: record.graph, found: '00' },
      added: [],
      removed: ['airplane from above'],
      entries: [
        {
          input: 'noise',
          inputChanged: true,
          layers: ['stem', 'head'],
          outputs: [
            {
              output: 'probabilities',
              index: 1,
              coordinates: [0, 1],
              expected: record.entries[0]?.outputs[0]?.[1],
              found: 99,
            },
          ],
        },
      ],
    });
    expect(recordDifference(found, record).added).toEqual(['airplane from above']);
  });

  it('locate an element', () => {
    expect(coordinatesOf(23, [2, 3, 4])).toEqual([1, 2, 3]);
    expect(coordinatesOf(0, [])).toEqual([]);
    const found = new Float32Array([0, NaN, 3]);
    expect(elementDifference([3], new Float32Array([-0, NaN, 2]), found)).toEqual({
      index: 2,
      coordinates: [2],
      expected: 2,
      found: 3,
    });
    expect(elementDifference([3], found, found)).toBeUndefined();
  });
});

describe('golden files', () => {
  function refusal(data: Uint8Array): string {
    try {
      decodeGolden('a.golden', data);
    } catch (error) {
      expect(error).toBeInstanceOf(FileError);
      return (error as Error).message;
    }
    throw new Error('Expected a FileError but the file was read');
  }

  type Stored = Record<string, unknown> & { entries: Record<string, unknown>[] };

  /** A file of the record with something changed and an intact digest. */
  function resealed(change: (stored: Stored) => void): Uint8Array {
    const stored = unpack((unpack(bytes) as { record: Uint8Array }).record) as Stored;
    change(stored);
    const body = pack(stored);
    return pack({
      format: 'plumbline golden',
      version: 1,
      sha256: Buffer.from(sha256(body), 'hex'),
      record: body,
    });
  }

  it('are refused truncated, at any length', () => {
    expect(refusal(bytes.subarray(0, 100))).toMatch(
      /^a\.golden: Expected a golden file\. Expected \d+ more bytes but found \d+$/,
    );
    for (let length = 0; length < bytes.length; length += 97) refusal(bytes.subarray(0, length));
  });

  it('are refused with any byte changed', () => {
    for (let at = 0; at < bytes.length; at += 31) {
      refusal(bytes.map((byte, i) => (i === at ? byte ^ 1 : byte)));
    }
    expect(refusal(bytes.map((byte, i) => (i === bytes.length - 1 ? byte ^ 1 : byte)))).toBe(
      'a.golden: Expected contents that match their digest, but the file is damaged',
    );
  });

  it('are refused in another format or version', () => {
    const outer = unpack(bytes) as object;
    expect(refusal(pack({ ...outer, version: 2 }))).toBe(
      'a.golden: Expected version 1 but found 2',
    );
    expect(refusal(pack({ ...outer, format: 'plumbline graph' }))).toBe(
      'a.golden: Expected a golden file but found format "plumbline graph"',
    );
    expect(refusal(pack({ ...outer, sha256: 5 }))).toBe(
      'a.golden: Expected a digest and a record but found neither or one',
    );
    expect(refusal(pack([1, 2]))).toContain(
      'a.golden: Expected a golden file. Invalid input: expected object',
    );
  });

  it('are refused where a part has another size', () => {
    const first = (stored: Stored): Record<string, unknown> => stored.entries[0] ?? {};
    const digests = record.layers.length * 16;
    expect(refusal(resealed((stored) => (first(stored)['outputs'] = [])))).toBe(
      'a.golden: Input "noise": Expected 1 outputs but found 0',
    );
    expect(refusal(resealed((stored) => (first(stored)['outputs'] = [new Uint8Array(3)])))).toBe(
      'a.golden: Input "noise": Expected 2 bytes of output "probabilities" but found 3',
    );
    expect(refusal(resealed((stored) => (first(stored)['digests'] = new Uint8Array(5))))).toBe(
      `a.golden: Input "noise": Expected ${String(digests)} bytes of digests but found 5`,
    );
    expect(refusal(resealed((stored) => (first(stored)['sha256'] = new Uint8Array(5))))).toBe(
      'a.golden: Expected a golden file. entries.0.sha256: expected 32 bytes',
    );
    expect(refusal(resealed((stored) => (stored['extra'] = 1)))).toContain('extra');
  });
});
