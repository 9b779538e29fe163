/** Calibration records, and the integer models that they give. */

import { describe, expect, it } from 'vitest';
import {
  mobilenetV2,
  validateGraph,
  type Graph,
  type GraphTensor,
  type Operator,
} from '../../reference/index.ts';
import { table } from '../commands/context.ts';
import { FileError, UsageError } from '../errors.ts';
import { sha256 } from '../files.ts';
import { encodeGraph } from '../formats/plumb.ts';
import {
  checkClassifies,
  checkTakesPhotos,
  loadModel,
  modelFiles,
  readCalibration,
} from '../models.ts';
import { temporaryFolder } from './temporary.ts';

const folder = temporaryFolder();
let count = 0;

const float = (name: string, shape: readonly number[], fill?: number): GraphTensor => ({
  name,
  type: 'float32',
  shape,
  ...(fill === undefined
    ? {}
    : { data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(fill) }),
});

const convolution = (name: string, inputs: readonly number[], output: number): Operator => ({
  kind: 'conv2d',
  name,
  inputs,
  output,
  attributes: {
    stride: [1, 1],
    dilation: [1, 1],
    padding: [0, 0, 0, 0],
    activation: 'none',
    groups: 1,
  },
});

/** in -> conv -> tensor "out", with all weights alike. */
function network(weight = 0.5, out = 'out'): Graph {
  return {
    name: 'network',
    precision: 'float32',
    tensors: [
      float('in', [1, 1, 1, 3]),
      float('w', [3, 1, 1, 3], weight),
      float('b', [3], 1),
      float(out, [1, 1, 1, 3]),
    ],
    operators: [convolution('conv', [0, 1, 2], 3)],
    inputs: [0],
    outputs: [3],
    labels: ['a', 'b', 'c'],
    preprocessing: { resize: 'squash', channels: 'rgb', mean: [0, 0, 0], std: [1, 1, 1] },
    provenance: {},
  };
}

interface Files {
  readonly model: string;
  readonly calibration: string;
}

/** A graph's file and a record of it, in which any field may be changed. */
function write(graph: Graph, ranges: unknown, changes: object = {}): Files {
  const bytes = encodeGraph(graph);
  const name = String(count++);
  const record = {
    format: 'plumbline calibration',
    version: 1,
    graph: graph.name,
    sha256: sha256(bytes),
    photos: 1,
    ranges,
    ...changes,
  };
  return {
    model: folder.write(`${name}.plumb`, bytes),
    calibration: folder.write(`${name}.json`, JSON.stringify(record)),
  };
}

function refusal(files: Files, precision: 'int8' | 'int16' = 'int8'): string {
  try {
    loadModel({ ...files, precision });
  } catch (error) {
    expect(error).toBeInstanceOf(FileError);
    return (error as Error).message;
  }
  throw new Error('Expected a FileError but the model was derived');
}

describe('calibration records', () => {
  it.each([
    ['an inverted range', { out: [5, 2] }, 'found [5, 2]'],
    ['what no float32 number is', { out: [-1e308, 1e308] }, 'found [-1e+308, 1e+308]'],
    ['one number', { out: [1] }, 'found [1]'],
    ['no numbers', { out: ['a', 'b'] }, 'found other items'],
    ['no range', { out: null }, 'found null'],
  ])('are refused for %s', (_name, ranges, text) => {
    const files = write(network(), ranges);
    expect(refusal(files)).toBe(
      `${files.calibration}: Expected a calibration record. ranges.out: expected a smallest and a largest float32 number, in this order, but ${text}`,
    );
  });

  it.each([-3.5, -1, 1e300, '1'])('are refused for a number of photos of %j', (photos) => {
    const files = write(network(), { out: [-1, 1] }, { photos });
    const found = typeof photos === 'number' ? String(photos) : 'string';
    expect(refusal(files)).toContain(
      `photos: expected an integer of at least 0 but found ${found}`,
    );
  });

  it('are refused for infinite ranges, too many, too deep and too long', () => {
    const files = write(network(), { out: 0 });
    const json = (ranges: string): string =>
      folder.write(
        'wrong.json',
        `{"format": "plumbline calibration", "version": 1, "graph": "", "sha256": "", "photos": 1, "ranges": ${ranges}}`,
      );
    const told = (calibration: string): string => refusal({ ...files, calibration });
    expect(told(json('{"out": [-1e999, 1]}'))).toContain('but found [-Infinity, 1]');
    const many = Object.fromEntries(Array.from({ length: 10_001 }, (_, i) => [`t${String(i)}`, 0]));
    expect(told(json(JSON.stringify(many)))).toContain('expected at most 10000 ranges');
    const deep = `${'['.repeat(1e6)}${']'.repeat(1e6)}`;
    expect(told(json(`{"out": ${deep}}`))).toContain('but found other items');
    expect(told(json(`{"${'x'.repeat(1e6)}": 0}`)).length).toBeLessThan(1000);
    const named = write(network(), {}, { graph: 'x'.repeat(1001) });
    expect(refusal(named)).toContain('graph: expected at most 1000 characters');
    expect(told(folder.write('zeros.json', '0'.repeat(2 ** 24 + 1)))).toContain(
      'Expected at most 16777216 bytes but found 16777217',
    );
  });

  it.each(['constructor', 'toString', '__proto__'])('lack a tensor named %s', (name) => {
    const files = write(network(0.5, name), {});
    expect(refusal(files)).toBe(
      `${files.model} with ${files.calibration}: Expected the calibration record to have tensor "${name}"`,
    );
  });

  it('may have a range of zeros, and of tensors that are not there', () => {
    const files = write(network(), { out: [0, 0], other: [-1, 1] });
    expect(loadModel({ ...files, precision: 'int8' }).precision).toBe('int8');
    expect(readCalibration(files.calibration).ranges).toEqual({ out: [0, 0], other: [-1, 1] });
  });
});

describe('derived models', () => {
  it.each(['int8', 'int16'] as const)('are valid or refused: %s', (precision) => {
    const files = write(
      {
        ...network(),
        tensors: [...network().tensors, float('mean', [1, 3])],
        operators: [
          ...network().operators,
          {
            kind: 'mean',
            name: 'average',
            inputs: [3],
            output: 4,
            attributes: { keepDimensions: false },
          },
        ],
        outputs: [4],
      },
      { out: [-1e38, 1e38], mean: [-1, 1] },
    );
    expect(refusal(files, precision)).toMatch(
      new RegExp(
        `^${files.model} with ${files.calibration}: Operator "average": Expected .*, as follows from the range \\[-1e\\+38, 1e\\+38\\] of tensor "out" and \\[-1, 1\\] of tensor "mean"$`,
      ),
    );
  });

  it.each(['int8', 'int16'] as const)('are refused for weights beyond any scale: %s', (type) => {
    expect(refusal(write(network(3e38), { out: [-1, 1] }), type)).toMatch(
      /: Tensor "w": Expected weights that fit the accumulator with an input scale of .* and an output scale of .* but found weights up to 3\.0000\d*e\+38$/,
    );
  });

  it('have the constants of two operators once for each', () => {
    const { tensors, operators } = network();
    const graph: Graph = {
      ...network(),
      tensors: [...tensors, float('end', [1, 1, 1, 3])],
      operators: [...operators, convolution('again', [3, 1, 2], 4)],
      outputs: [4],
    };
    const files = write(graph, { out: [-2, 2], end: [-9, 9] });
    const derived = loadModel({ ...files, precision: 'int8' });
    const constants = derived.operators.flatMap(({ inputs }) => inputs.slice(1));
    expect(new Set(constants).size).toBe(4);
  });
});

describe('photos', () => {
  it('need one input and preprocessing', () => {
    const graph = network();
    checkTakesPhotos('m.plumb', graph);
    const { preprocessing, ...without } = graph;
    expect(preprocessing).toBeDefined();
    expect(() => {
      checkTakesPhotos('m.plumb', { ...graph, inputs: [0, 0] });
    }).toThrow(
      new UsageError('m.plumb: Expected a model of one input, a photo, but found 2 inputs'),
    );
    expect(() => {
      checkTakesPhotos('m.plumb', without);
    }).toThrow(
      new UsageError('m.plumb: Expected a model with preprocessing for photos but found none'),
    );
  });

  it('get a class from a model with a label for each output', () => {
    const graph = network();
    checkClassifies('m.plumb', graph);
    for (const [labels, outputs] of [
      [[], [3]],
      [graph.labels, [1]],
    ] as const) {
      expect(() => {
        checkClassifies('m.plumb', { ...graph, labels, outputs });
      }).toThrow(
        new UsageError(
          `m.plumb: Expected a classifier with a label for each of its ${outputs[0] === 3 ? '3' : '9'} outputs but found ${String(labels.length)} labels`,
        ),
      );
    }
  });
});

describe('limits', () => {
  it('let the largest MobileNetV2 pass', () => {
    const graph = mobilenetV2({ width: 1.4, resolution: 512, classes: 1000 });
    expect(() => {
      validateGraph(graph);
    }).not.toThrow();
  });

  it('refuse activations that would fill a machine', () => {
    const graph: Graph = {
      ...network(),
      tensors: [float('in', [1, 6600, 6600, 3]), float('out', [1, 6600, 6600, 3])],
      operators: [{ kind: 'relu', name: 'relu', inputs: [0], output: 1, attributes: {} }],
      outputs: [1],
    };
    expect(() => {
      validateGraph(graph);
    }).toThrow('Graph: Expected at most 67108864 activation elements in all but found 261360000');
  });

  it.each([
    ['int32', undefined, 'an input of type float32, int8, int16, uint8 but found int32'],
    ['int8', undefined, 'integer codes or one scale of the input but found 0 scales'],
    ['int8', [0.5, 0.5], 'integer codes or one scale of the input but found 2 scales'],
  ] as const)('refuse pixels as %s with scales %j', (type, scales, text) => {
    const graph: Graph = {
      ...network(),
      precision: 'int8',
      tensors: [
        {
          name: 'in',
          type,
          shape: [1, 1, 1, 3],
          ...(scales === undefined ? {} : { quantization: { scales, zeroPoint: 0 } }),
        },
      ],
      operators: [],
      outputs: [0],
    };
    expect(() => {
      validateGraph(graph);
    }).toThrow(`Tensor "in": Expected preprocessing with ${text}`);
  });

  it('of the stack are not met by tables of any length', () => {
    const rows = Array.from({ length: 200_000 }, (_, i) => [String(i), 'x']);
    expect(table([['number', 'name'], ...rows]).split('\n')).toHaveLength(200_001);
  });
});

it('an embedded model has its files', () => {
  const [model, record] = modelFiles({ model: 'small' });
  expect(model).toMatch(/golden\/models\/small\.plumb$/);
  expect(record).toMatch(/golden\/models\/small\.calibration\.json$/);
  expect(modelFiles({ model: 'm.plumb' })).toEqual(['m.plumb']);
});
