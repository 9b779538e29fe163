import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mobilenetV2, quantizeGraph, type Graph } from '../../reference/index.ts';
import { FileError } from '../errors.ts';
import { sha256 } from '../files.ts';
import { pack, unpack } from '../formats/message-pack.ts';
import { decodeGraph, encodeGraph, withoutSources } from '../formats/plumb.ts';

const float = mobilenetV2({ width: 0.1, resolution: 4, classes: 2, labels: ['a', 'b'] });
const ranges = Object.fromEntries(float.operators.map(({ name }) => [name, [-2, 6] as const]));
const graphs: readonly Graph[] = [
  float,
  quantizeGraph(float, { ranges }, { precision: 'int8' }),
  quantizeGraph(float, { ranges }, { precision: 'int16' }),
];
const bytes = encodeGraph(float);

/** A file with an intact digest around any value. */
function sealed(value: unknown): Uint8Array {
  const graph = pack(value);
  return pack({
    format: 'plumbline graph',
    version: 1,
    sha256: Buffer.from(sha256(graph), 'hex'),
    graph,
  });
}

function put(
  list: readonly Record<string, unknown>[],
  index: number,
  key: string,
  value: unknown,
): void {
  const item = list[index];
  if (item !== undefined) item[key] = value;
}

type Stored = Record<string, unknown> & {
  tensors: Record<string, unknown>[];
  operators: Record<string, unknown>[];
};

/** What is stored of a graph, to be changed. */
function stored(graph: Graph = float): Stored {
  const outer = unpack(encodeGraph(graph)) as { graph: Uint8Array };
  return unpack(outer.graph) as Stored;
}

function refusal(data: Uint8Array): string {
  try {
    decodeGraph('model.plumb', data);
  } catch (error) {
    expect(error).toBeInstanceOf(FileError);
    return (error as Error).message;
  }
  throw new Error('Expected a FileError but the file was read');
}

describe('MessagePack', () => {
  const plain = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.integer(),
      fc.double({ noNaN: true }),
      fc.string(),
      fc.boolean(),
      fc.constant(null),
      fc.uint8Array({ maxLength: 300 }),
      fc.array(tie('value'), { maxLength: 20 }),
      fc.dictionary(
        fc.string({ minLength: 1 }).filter((key) => key !== '__proto__'),
        tie('value'),
        {
          maxKeys: 20,
          noNullPrototype: true,
        },
      ),
    ),
  })).value;

  it('gives back what was packed', () => {
    fc.assert(
      fc.property(plain, (value) => {
        expect(normal(unpack(pack(value)))).toEqual(normal(value));
      }),
    );
  });

  /** Byte arrays of any class as lists, and -0, which is stored as the integer, as 0. */
  function normal(value: unknown): unknown {
    if (value instanceof Uint8Array) return ['bytes', ...value];
    if (value === 0) return 0;
    if (Array.isArray(value)) return value.map(normal);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, normal(item)]));
  }

  it.each([
    [
      'a declared array of four billion',
      [0xdd, 0xff, 0xff, 0xff, 0xff],
      'Expected 4294967295 items but found 0 bytes',
    ],
    [
      'a declared string',
      [0xdb, 0x7f, 0xff, 0xff, 0xff],
      'Expected 2147483647 more bytes but found 0',
    ],
    ['nested arrays', Array.from({ length: 50 }, () => 0x91), 'Expected at most 32 nested levels'],
    ['an extension', [0xd4, 1, 1], 'Expected plain MessagePack but found type 0xd4'],
    [
      'a million items and one',
      [0x92, 0xdd, 0, 0x0f, 0x42, 0x3f, ...new Uint8Array(999_999), 0],
      'Expected at most 1000000 items but found 1000001 or more',
    ],
    ['two values', [1, 2], 'Expected one value but found 1 bytes after it'],
    ['nothing', [], 'Expected more bytes but found the end'],
  ])('refuses %s', (_name, data, text) => {
    expect(() => unpack(Uint8Array.from(data))).toThrow(text);
  });

  it('any bytes give a value or an error, in bounded memory', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (data) => {
        try {
          unpack(data);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
      { numRuns: 5000 },
    );
  });
});

describe('graph files', () => {
  it.each(graphs)('give back the graph: $precision', (graph) => {
    const file = encodeGraph(graph);
    expect(decodeGraph('model.plumb', file)).toEqual(graph);
    expect(encodeGraph(decodeGraph('model.plumb', file))).toEqual(file);
  });

  const imported: Graph = {
    ...float,
    operators: float.operators.map((operator, source) => ({ ...operator, source })),
    preprocessing: {
      resize: 'cover',
      crop: 0.875,
      channels: 'bgr',
      mean: [1, 2, 3],
      std: [4, 5, 6],
    },
  };

  it('have version 2 where only that can say what an importer knows', () => {
    const versionOf = (graph: Graph): unknown =>
      (unpack(encodeGraph(graph)) as { readonly version: number }).version;
    expect(decodeGraph('model.plumb', encodeGraph(imported))).toEqual(imported);
    expect([float, imported].map(versionOf)).toEqual([1, 2]);
    expect(decodeGraph('model.plumb', encodeGraph(withoutSources(imported)))).toEqual({
      ...float,
      preprocessing: imported.preprocessing,
    });
  });

  it('of one version that say what another has are refused', () => {
    expect(refusal(sealed(stored(imported)))).toBe(
      'model.plumb: Expected a graph of version 1 but found one of version 2',
    );
  });

  it.each([
    ['empty', new Uint8Array(0), 'model.plumb: Expected a Plumbline graph.'],
    ['text', Buffer.from('{"format": 1}'), 'model.plumb: Expected a Plumbline graph.'],
    [
      'another format',
      pack({ format: 'x', version: 1, sha256: 1, graph: 1 }),
      'Expected a Plumbline graph but found format "x"',
    ],
    [
      'another version',
      pack({ format: 'plumbline graph', version: 3, sha256: 1, graph: 1 }),
      'Expected version 1 or 2 but found 3',
    ],
    [
      'no digest',
      pack({ format: 'plumbline graph', version: 1, sha256: 1, graph: 1 }),
      'Expected a digest and a graph',
    ],
  ])('refuse what is none: %s', (_name, data, text) => {
    expect(refusal(data)).toContain(text);
  });

  it('are refused at any truncation', () => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), (length) => {
        expect(refusal(bytes.subarray(0, length))).toContain('model.plumb: Expected');
      }),
    );
  });

  it('are refused with any bit flipped', () => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(7), (at, bit) => {
        const damaged = Uint8Array.from(bytes);
        damaged[at] = (damaged[at] ?? 0) ^ (1 << bit);
        expect(refusal(damaged)).toContain('model.plumb: Expected');
      }),
      { numRuns: 300 },
    );
  });

  it.each<readonly [string, (graph: Stored) => void, string]>([
    [
      'NaN weights',
      (g) => {
        put(g.tensors, 1, 'data', Buffer.alloc(864, 0xff));
      },
      'Tensor "stem/weights": Expected finite constants but found NaN at element 0',
    ],
    [
      'data that does not fit',
      (g) => {
        put(g.tensors, 1, 'data', Buffer.alloc(8));
      },
      'Tensor "stem/weights": Expected constant data of 216 float32 elements but found 2 float32 elements',
    ],
    [
      'half elements',
      (g) => {
        put(g.tensors, 1, 'data', Buffer.alloc(7));
      },
      'Tensor "stem/weights": Expected bytes in multiples of 4 but found 7',
    ],
    [
      'an unknown type',
      (g) => {
        put(g.tensors, 1, 'type', 'float64');
      },
      'tensors.1.type',
    ],
    ['an unknown field', (g) => (g['code'] = 'rm'), 'Unrecognized key: "code"'],
    [
      'an unknown operator',
      (g) => {
        put(g.operators, 0, 'kind', 'eval');
      },
      'Operator "stem": Expected a known operator but found eval',
    ],
    [
      'an operator named like a method',
      (g) => {
        put(g.operators, 0, 'kind', 'constructor');
      },
      'Expected a known operator but found constructor',
    ],
    [
      'too many tensors',
      (g) => (g.tensors = Array.from({ length: 10_001 }, () => ({}))),
      'model.plumb: Expected a Plumbline graph. tensors: expected at most 10000 items but found 10001',
    ],
    [
      'too many operators',
      (g) => (g.operators = Array.from({ length: 10_001 }, () => ({}))),
      'operators: expected at most 10000 items but found 10001',
    ],
    [
      'too many labels',
      (g) => (g['labels'] = Array.from({ length: 100_001 }, () => null)),
      'labels: expected at most 100000 items but found 100001',
    ],
    [
      'too many axes',
      (g) => {
        put(g.tensors, 0, 'shape', [1, 1, 1, 1, 1, 1, 1, 1, 1]);
      },
      'tensors.0.shape: expected at most 8 items but found 9',
    ],
    [
      'a name without end',
      (g) => {
        put(g.tensors, 0, 'name', 'x'.repeat(1001));
      },
      'tensors.0.name: expected at most 1000 characters but found 1001',
    ],
    [
      'keys without end',
      (g) => (g['x'.repeat(1000)] = 1),
      `model.plumb: Expected a Plumbline graph. Unrecognized key: "${'x'.repeat(281)}...`,
    ],
    [
      'a cycle',
      (g) => {
        put(g.operators, 0, 'inputs', [(g.operators[1] as { output: number }).output, 1, 2]);
      },
      'Operator "stem": Expected tensor "block_0/depthwise" to be computed before it is used',
    ],
    [
      'attributes of another operator',
      (g) => {
        put(g.operators, 0, 'attributes', { beta: 1 });
      },
      'Operator "stem": Expected only known attributes but found beta',
    ],
  ])('with an intact digest are refused for %s', (_name, change, text) => {
    const graph = stored();
    change(graph);
    expect(refusal(sealed(graph))).toContain(text);
  });

  it('any value in any place of a sealed file is refused or a valid graph', () => {
    const hostile = fc.oneof(
      fc.constantFrom<unknown>(
        -1,
        0,
        2 ** 31,
        2 ** 53,
        1e308,
        -0.5,
        '',
        '__proto__',
        null,
        [],
        {},
        true,
      ),
      fc.integer(),
      fc.double({ noNaN: true }),
      fc.array(fc.integer(), { maxLength: 5 }),
      fc.uint8Array({ maxLength: 9 }),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...graphs),
        fc.array(fc.nat(10_000), { minLength: 4, maxLength: 4 }),
        hostile,
        (graph, path, value) => {
          const root = stored(graph);
          let place: Record<string, unknown> = root;
          for (const step of path) {
            const keys = Object.keys(place);
            const key = keys[step % keys.length];
            if (key === undefined) return;
            const next = place[key];
            if (
              typeof next !== 'object' ||
              next === null ||
              next instanceof Uint8Array ||
              step % 5 === 0
            ) {
              place[key] = value;
              break;
            }
            place = next as Record<string, unknown>;
          }
          try {
            decodeGraph('model.plumb', sealed(root));
          } catch (error) {
            expect(error).toBeInstanceOf(FileError);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
});
