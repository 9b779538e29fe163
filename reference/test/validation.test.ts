/** Every rule of `validate/rules.ts`: the smallest graph that breaks it, and its text. */

import { describe, expect, it } from 'vitest';
import {
  GraphError,
  mobilenetV2,
  operatorGraph,
  quantizeGraph,
  rules,
  runOperator,
  validateGraph,
  type Graph,
  type GraphTensor,
  type Operator,
  type Rule,
} from '../index.ts';

const float = mobilenetV2({ width: 0.1, resolution: 8, classes: 2, labels: ['a', 'b'] });
const ranges = Object.fromEntries(float.operators.map(({ name }) => [name, [-2, 6] as const]));
const int8 = quantizeGraph(float, { ranges }, { precision: 'int8' });
const int16 = quantizeGraph(float, { ranges }, { precision: 'int16' });

type Change = Readonly<Record<string, unknown>>;

const indexOf = (graph: Graph, name: string): number =>
  graph.tensors.findIndex((tensor) => tensor.name === name);

/** The graph with one tensor, operator or field changed. Deliberately untyped: files are. */
function withTensor(graph: Graph, name: string, change: Change): Graph {
  const tensors = graph.tensors.map((t) => (t.name === name ? { ...t, ...change } : t));
  return { ...graph, tensors: tensors };
}

function withOperator(graph: Graph, name: string, change: Change): Graph {
  const operators = graph.operators.map((o) => (o.name === name ? { ...o, ...change } : o));
  return { ...graph, operators: operators };
}

function withAttributes(graph: Graph, name: string, change: Change): Graph {
  const attributes = graph.operators.find((o) => o.name === name)?.attributes;
  return withOperator(graph, name, { attributes: { ...attributes, ...change } });
}

const withField = (graph: Graph, change: Change): Graph => ({ ...graph, ...change });
const scales = (...values: number[]): Change => ({
  quantization: { scales: values, zeroPoint: 0 },
});

/** A one-operator graph, for shapes that the network has not. */
function single(operator: Change, ...tensors: readonly Change[]): Graph {
  const all = tensors.map((tensor, i) => ({ name: `t${String(i)}`, type: 'float32', ...tensor }));
  const output = tensors.length - 1;
  const inputs = tensors.map((_, i) => i).slice(0, -1);
  return {
    name: 'single',
    precision: 'float32',
    tensors: all as unknown as GraphTensor[],
    operators: [{ name: 'op', inputs, output, ...operator } as unknown as Operator],
    inputs: inputs.filter((i) => tensors[i]?.['data'] === undefined),
    outputs: [output],
    labels: [],
    provenance: {},
  };
}

const pool = (change: Change): Change => ({
  kind: 'averagePool',
  attributes: {
    size: [2, 2],
    stride: [1, 1],
    padding: [0, 0, 0, 0],
    activation: 'none',
    ...change,
  },
});
const image = { shape: [1, 3, 3, 1] };
const int8Image = { ...image, type: 'int8' };

const cases: readonly (readonly [rule: Rule, graph: Graph, text: string])[] = [
  [
    'graph-inputs',
    withField(float, { inputs: [] }),
    'Graph: Expected at least one input and one output',
  ],
  [
    'graph-input-constant',
    withField(float, { inputs: [indexOf(float, 'stem/bias')] }),
    'Tensor "stem/bias": Expected an input of the graph to have no constant data',
  ],
  [
    'graph-work',
    single(
      {
        kind: 'conv2d',
        attributes: {
          stride: [1, 1],
          dilation: [1, 1],
          padding: [0, 0, 0, 0],
          groups: 1,
          activation: 'none',
        },
      },
      { shape: [1, 1024, 1024, 1] },
      { shape: [2, 512, 512, 1], data: new Float32Array(2 ** 19) },
      { shape: [1, 513, 513, 2] },
    ),
    'Graph: Expected at most 100000000000 multiply-accumulates but found',
  ],
  [
    'graph-memory',
    single(
      { kind: 'add', attributes: { activation: 'none' } },
      { shape: [2 ** 27] },
      { shape: [2 ** 27] },
      { shape: [2 ** 27] },
    ),
    'Graph: Expected at most 67108864 activation elements in all but found 402653184',
  ],
  [
    'graph-labels',
    withField(float, { labels: ['a'] }),
    'Graph: Expected as many labels as classes, 2, but found 1',
  ],
  [
    'graph-precision',
    withField(float, { precision: 'int4' }),
    'Graph: Expected precision float32, int8 or int16 but found int4',
  ],
  [
    'preprocessing',
    withField(float, {
      preprocessing: { resize: 'squash', channels: 'rgb', mean: [0, 0, 0], std: [1, 0, 1] },
    }),
    'Tensor "image": Expected preprocessing with positive deviations but found 0',
  ],
  [
    'preprocessing',
    withField(int8, {
      preprocessing: { ...int8.preprocessing, integer: { multiplier: 1, offset: 0 } },
    }),
    'Tensor "image": Expected preprocessing with int8 codes but found 255',
  ],
  [
    'preprocessing',
    withField(float, { preprocessing: { ...float.preprocessing, resize: 'cover', crop: 0 } }),
    'Tensor "image": Expected preprocessing with a crop in [0.1, 1] but found 0',
  ],
  [
    'preprocessing',
    withField(float, { preprocessing: { ...float.preprocessing, crop: 1 } }),
    'Tensor "image": Expected preprocessing with a crop where it covers but found 1 of squash',
  ],
  [
    'operator-source',
    withOperator(float, 'stem', { source: -1 }),
    'Operator "stem": Expected the index of an operator in its file but found -1',
  ],
  [
    'tensor-index',
    withOperator(float, 'stem', { output: 9999 }),
    'Operator "stem": Expected the index of one of',
  ],
  [
    'tensor-name',
    withTensor(float, 'stem/bias', { name: 'stem' }),
    'Tensor "stem": Expected tensor names to be unique but found this one twice',
  ],
  [
    'tensor-type',
    withTensor(float, 'stem', { type: 'float64' }),
    'Tensor "stem": Expected a known element type but found float64',
  ],
  [
    'tensor-shape',
    withTensor(float, 'stem', { shape: [1, 4, 0.5, 8] }),
    'Tensor "stem": Expected every extent to be an integer greater than 0 but found [1, 4, 0.5, 8]',
  ],
  [
    'tensor-size',
    withTensor(float, 'stem', { shape: [2 ** 14, 2 ** 14] }),
    'Tensor "stem": Expected at most 134217728 elements but found shape [16384, 16384]',
  ],
  [
    'tensor-data',
    withTensor(float, 'stem/bias', { data: new Int8Array(8) }),
    'Tensor "stem/bias": Expected constant data of 8 float32 elements but found 8 int8 elements',
  ],
  [
    'tensor-finite',
    withTensor(float, 'stem/bias', { data: Float32Array.of(0, 0, 0, NaN, 0, 0, 0, 0) }),
    'Tensor "stem/bias": Expected finite constants but found NaN at element 3',
  ],
  [
    'scale-positive',
    withTensor(int8, 'stem', scales(-1)),
    'Tensor "stem": Expected every scale to be positive and finite but found -1',
  ],
  [
    'scale-float32',
    withTensor(int8, 'stem', scales(0.1)),
    'Tensor "stem": Expected every scale to be a float32 number but found 0.1',
  ],
  [
    'scale-count',
    withTensor(int8, 'stem/weights', scales(1, 1)),
    'Tensor "stem/weights": Expected 1 or 8 scales but found 2 scales',
  ],
  [
    'scale-factor',
    single(
      { kind: 'fullyConnected', attributes: { activation: 'none' } },
      { type: 'int8', shape: [1, 1], ...scales(Math.fround(1e30)) },
      { type: 'int8', shape: [1, 1], ...scales(Math.fround(1e30)), data: Int8Array.of(1) },
      { type: 'int8', shape: [1, 1], ...scales(1) },
    ),
    'Operator "op": Expected scales that give a finite factor but found Infinity',
  ],
  [
    'scale-missing',
    withTensor(int8, 'stem', scales()),
    'Tensor "stem": Expected a scale, or ready-made integers on the operator, but found none',
  ],
  [
    'zero-point',
    withTensor(int16, 'stem', { quantization: { scales: [1], zeroPoint: 1 } }),
    'Tensor "stem": Expected a zero point that is an integer in [0, 0] but found 1',
  ],
  [
    'zero-point',
    withTensor(int8, 'stem/weights', { quantization: { scales: [1], zeroPoint: 1 } }),
    'Tensor "stem/weights": Expected a zero point that is an integer in [0, 0] but found 1',
  ],
  [
    'weights-int16',
    withTensor(int16, 'classifier/weights', { data: new Int16Array(2560).fill(-32768) }),
    'Tensor "classifier/weights": Expected int16 weights in [-32767, 32767] but found -32768',
  ],
  [
    'bias-scale',
    withTensor(int8, 'classifier/bias', scales(1, 1)),
    'Tensor "classifier/bias": Expected the bias scale to be input scale times weight scale',
  ],
  [
    'same-quantization',
    withTensor(int8, 'pool', scales(1)),
    'Operator "pool": Expected input and output to have the same scale and zero point but they differ',
  ],
  [
    'softmax-output',
    withTensor(int8, 'probabilities', scales(1 / 256)),
    'Tensor "probabilities": Expected an output scale of 0.00390625 and zero point -128',
  ],
  [
    'operator-kind',
    withOperator(float, 'stem', { kind: 'maxPool' }),
    'Operator "stem": Expected a known operator but found maxPool',
  ],
  [
    'operator-name',
    withOperator(float, 'pool', { name: 'stem' }),
    'Operator "stem": Expected operator names to be unique but found this one twice',
  ],
  [
    'operator-inputs',
    withOperator(float, 'stem', { inputs: [0] }),
    'Operator "stem": Expected 2 or 3 inputs but found 1',
  ],
  [
    'operator-attribute',
    withAttributes(float, 'stem', { stride: [0.5, 1] }),
    'Operator "stem": Expected stride to be two integers greater than 0 but found [0.5,1]',
  ],
  [
    'attribute-unknown',
    withAttributes(float, 'stem', { size: 3 }),
    'Operator "stem": Expected only known attributes but found size',
  ],
  [
    'add-power-of-two-scales',
    withAttributes(int16, 'block_2/add', { potScaleInt16: true }),
    'Operator "block_2/add": Expected an add with the general int16 arithmetic but found pot_scale_int16, which is other arithmetic',
  ],
  [
    'operator-type',
    withTensor(int8, 'stem', { type: 'int16', ...scales(1) }),
    'Operator "stem": Expected an output of type int8 but found int16',
  ],
  [
    'operator-constant',
    single(
      { kind: 'fullyConnected', attributes: { activation: 'none' } },
      { shape: [1, 2] },
      { shape: [1, 2] },
      { shape: [1, 1] },
    ),
    'Operator "op": Expected weights to be constant but found a computed tensor',
  ],
  [
    'operator-order',
    withOperator(float, 'pool', { inputs: [indexOf(float, 'flatten')] }),
    'Operator "pool": Expected tensor "flatten" to be computed before it is used, but it is computed later, in a cycle or not at all',
  ],
  [
    'operator-output',
    withOperator(float, 'pool', { output: indexOf(float, 'stem') }),
    'Operator "pool": Expected tensor "stem" to be written once and by this operator alone',
  ],
  [
    'shape-rank',
    single(pool({}), { shape: [3, 3] }, { shape: [2, 2] }),
    'Operator "op": Expected the input to have 4 axes but found [3, 3]',
  ],
  [
    'shape-equal',
    single(
      { kind: 'add', attributes: { activation: 'none' } },
      { shape: [2] },
      { shape: [3] },
      { shape: [2] },
    ),
    'Operator "op": Expected a second input of shape [2] but found [3]',
  ],
  [
    'shape-channels',
    withTensor(float, 'block_0/depthwise/weights', { shape: [3, 3, 1, 8] }),
    'Operator "block_0/depthwise": Expected weights for shape [1, kh, kw, a multiple of 8] but found [3, 3, 1, 8]',
  ],
  [
    'shape-groups',
    withAttributes(float, 'stem', { groups: 2 }),
    'Operator "stem": Expected channels in multiples of 2 groups but found 3',
  ],
  [
    'shape-window',
    single(pool({ size: [4, 2] }), image, image),
    'Operator "op": Expected the padded input to hold the window at least once along the height but found 0 positions',
  ],
  [
    'shape-elements',
    single({ kind: 'reshape', attributes: { shape: [5] } }, { shape: [2, 3] }, { shape: [5] }),
    'Operator "op": Expected 6 elements but found shape [5]',
  ],
  [
    'pool-empty-window',
    single(pool({ padding: [2, 0, 0, 0] }), image, { shape: [1, 4, 2, 1] }),
    'Operator "op": Expected every window to have a position inside the image but found none at row 0',
  ],
  [
    'integers-count',
    withAttributes(int8, 'stem', { multiplier: [1, 2], shift: [0, 0] }),
    'Operator "stem": Expected 1 or 8 of each but found 2 multipliers and 2 shifts',
  ],
  [
    'multiplier-range',
    withAttributes(int8, 'stem', { multiplier: [-1], shift: [0] }),
    'Operator "stem": Expected a multiplier that is an integer in [0, 2^31) but found -1',
  ],
  [
    'shift-range',
    withAttributes(int8, 'stem', { multiplier: [1], shift: [8] }),
    'Operator "stem": Expected a shift that is an integer in [-31, 7] but found 8',
  ],
  [
    'activation-limits',
    withAttributes(int8, 'stem', { activationMin: 5, activationMax: 4 }),
    'Tensor "stem": Expected activation limits in order within int8 but found [5, 4]',
  ],
  [
    'add-factor',
    withTensor(int8, 'block_2/add', scales(Math.fround(1e-9))),
    'Operator "block_2/add": Expected the output factor of an add to be below 1 but found shift',
  ],
  [
    'range-int32',
    withTensor(int8, 'stem/bias', { data: new Int32Array(8).fill(2 ** 31 - 1) }),
    'Operator "stem": Expected channel 0 to stay below 2^31 in its int32 accumulator but found a bound of',
  ],
  [
    'range-int64',
    withTensor(int16, 'stem/bias', { data: new BigInt64Array(8).fill(2n ** 47n) }),
    'Operator "stem": Expected channel 0 to stay below 2^47 in its int64 accumulator but found a bound of',
  ],
  [
    'range-result',
    withAttributes(int16, 'stem', { multiplier: [2 ** 31 - 1], shift: [7] }),
    'Operator "stem": Expected the rescaled channel 0 and its zero point to stay below 2^31 but found a bound of',
  ],
  [
    'range-rescale',
    single(
      {
        kind: 'relu',
        attributes: { multiplier: [2 ** 30], shift: [24], activationMin: 0, activationMax: 5 },
      },
      int8Image,
      int8Image,
    ),
    'Operator "op": Expected the rescaled input to stay below 2^31 but found a bound of 2147483648',
  ],
  [
    'range-softmax',
    single(
      { kind: 'softmax', attributes: { beta: 1 } },
      { type: 'int8', shape: [1, 4096], ...scales(1) },
      { type: 'int8', shape: [1, 4096], quantization: { scales: [1 / 256], zeroPoint: -128 } },
    ),
    'Operator "op": Expected a softmax over at most 4095 elements but found 4096',
  ],
];

function errorOf(graph: Graph): GraphError {
  try {
    validateGraph(graph);
  } catch (error) {
    if (error instanceof GraphError) return error;
    throw error;
  }
  throw new Error('Expected a GraphError but the graph is valid');
}

describe('validation', () => {
  it('accepts the three precisions', () => {
    for (const graph of [float, int8, int16]) {
      expect(() => {
        validateGraph(graph);
      }).not.toThrow();
    }
  });

  it('has a case for every rule', () => {
    const covered = new Set(cases.map(([rule]) => rule));
    expect(Object.keys(rules).filter((rule) => !covered.has(rule as Rule))).toEqual([]);
  });

  it.each(cases)('%s', (rule, graph, text) => {
    const error = errorOf(graph);
    expect(error.message.slice(0, text.length)).toBe(text);
    expect(error.rule).toBe(rule);
  });
});

describe('ranges', () => {
  const conv = (bias: number | bigint, w: number, attributes: Change = {}): unknown => {
    const wide = typeof bias === 'bigint';
    return runOperator(
      'fullyConnected',
      wide ? 'int16' : 'int8',
      { multiplier: [2 ** 30], shift: [-20], ...attributes },
      [
        { shape: [1, 1], data: wide ? new Int16Array(1) : new Int8Array(1) },
        { shape: [1, 1], data: wide ? Int16Array.of(w) : Int8Array.of(w) },
        { shape: [1], data: [bias] },
      ],
    );
  };

  it('R1 the bound of an int32 accumulator is exact', () => {
    // |w| * 128 + |bias| may reach 2^31 - 1, not 2^31.
    expect(() => conv(2 ** 31 - 1 - 1280, 10)).not.toThrow();
    expect(() => conv(2 ** 31 - 1280, 10)).toThrow('but found a bound of 2147483648');
    expect(() => conv(2 ** 27 - 1 - 1280, 10, { shift: [4] })).not.toThrow();
    expect(() => conv(2 ** 27 - 1280, 10, { shift: [4] })).toThrow('2^31');
  });

  describe('R1 int16 with int32 accumulators', () => {
    const inputs = (x: readonly number[], bias = 0): Parameters<typeof runOperator>[3] => [
      { shape: [1, x.length], data: Int16Array.from(x) },
      { shape: [2, x.length], data: new Int8Array(2 * x.length).fill(127) },
      { shape: [2], data: Int32Array.of(0, bias) },
    ];
    const attributes = { accumulator: 'int32', multiplier: [2 ** 30], shift: [-20] } as const;
    const run = (x: readonly number[], bias?: number): unknown =>
      runOperator('fullyConnected', 'int16', attributes, inputs(x, bias)).data;
    // 2 * 1000 products of up to 127 * 32768 prove nothing; these cancel.
    const cancelling = Array.from({ length: 2000 }, (_, i) => (i % 2 === 0 ? 32767 : -32768));

    it('are measured where weights prove nothing', () => {
      // -127 * 1000 * 2^-21 rounds to 0, as does the sum with a bias that brings it to 2^31 - 1 less 127000.
      expect(run(cancelling)).toEqual(Int16Array.of(0, 0));
      expect(run(cancelling, 2 ** 31 - 1)).toEqual(Int16Array.of(0, 1024));
    });

    it('are refused where they overflow on these inputs', () => {
      const text = 'Operator "fullyConnected": Expected channel 1 to stay below 2^31 in its int32';
      expect(() => run([...cancelling, 1000], 2 ** 31 - 1)).not.toThrow();
      expect(() => run([...cancelling, 1001], 2 ** 31 - 1)).toThrow(`${text} accumulator`);
    });

    it('are proven from the graph alone for a graph', () => {
      const { graph } = operatorGraph('fullyConnected', 'int16', attributes, inputs(cancelling));
      expect(() => {
        validateGraph(graph);
      }).toThrow('Operator "fullyConnected": Expected channel 0 to stay below 2^31 in its int32');
    });
  });

  it('R1 the zero point fits beside the rescaled accumulator', () => {
    const most = (zeroPoint: number): unknown =>
      conv(2 ** 31 - 1, 0, { multiplier: [2 ** 31 - 1], shift: [0], output: { zeroPoint } });
    expect(() => most(1)).not.toThrow();
    expect(() => most(2)).toThrow(
      'Expected the rescaled channel 0 and its zero point to stay below 2^31 but found a bound of 2147483648',
    );
  });

  it('R2 the bound of an int64 accumulator is exact', () => {
    const limit = 2n ** 47n - 1n - 327_680n;
    expect(() => conv(limit, 10)).not.toThrow();
    expect(() => conv(limit + 1n, 10)).toThrow('2^47');
    // r = 2^14 and shift 0: acc * 2^14 / 2^15 + 0.5 < 2^31 allows accumulators below 2^32 - 1.
    expect(() => conv(2n ** 32n - 2n - 327_680n, 10, { shift: [0] })).not.toThrow();
    expect(() => conv(2n ** 32n - 1n - 327_680n, 10, { shift: [0] })).toThrow('rescaled channel 0');
  });

  it('R3 the integers of a mean are checked before its count is folded in', () => {
    const mean = (multiplier: number[], shift: number[]): unknown =>
      runOperator('mean', 'int8', { multiplier, shift }, [
        { shape: [1, 2, 2, 1], data: [1, 2, 3, 4] },
      ]);
    expect(() => mean([2 ** 30], [-31])).not.toThrow();
    expect(() => mean([], [])).toThrow('1 of each but found 0 multipliers and 0 shifts');
    expect(() => mean([1, 2], [0, 0])).toThrow('1 of each but found 2 multipliers and 2 shifts');
    expect(() => mean([2 ** 30], [-40])).toThrow('in [-31, 30] but found -40');
    expect(() => mean([-1], [0])).toThrow('in [0, 2^31) but found -1');
  });

  it('A6 a multiplier and its exponent come together', () => {
    const input = { shape: [1, 2], data: [1, 2], scale: 0.1 };
    const softmax = (attributes: Change): unknown =>
      runOperator('softmax', 'int8', attributes, [input]);
    const pair = 'Expected multiplier and leftShift together but found';
    expect(() => softmax({ multiplier: [1] })).toThrow(`${pair} 1 multipliers and 0 shifts`);
    expect(() => softmax({ leftShift: 0 })).toThrow(`${pair} 0 multipliers and 1 shifts`);
    expect(() => softmax({ multiplier: [1, 2], leftShift: 0 })).toThrow(
      'Expected 1 of each but found 2 multipliers and 1 shifts',
    );
    expect(() => conv(0, 1, { shift: undefined })).toThrow(
      'Expected multiplier and shift together but found 1 multipliers and 0 shifts',
    );
  });

  it('A3 a softmax has a finite factor', () => {
    expect(() =>
      runOperator('softmax', 'int16', { beta: 1e300 }, [{ shape: [2], data: [1, 2], scale: 1e30 }]),
    ).toThrow('Operator "softmax": Expected scales that give a finite factor but found Infinity');
  });

  it('R3 multipliers and shifts have limits', () => {
    expect(() => conv(0, 1, { shift: [-31] })).not.toThrow();
    expect(() => conv(0, 1, { shift: [-32] })).toThrow('in [-31, 7] but found -32');
    expect(() => conv(0, 1, { multiplier: [2 ** 31 - 1] })).not.toThrow();
    expect(() => conv(0, 1, { multiplier: [0.5] })).toThrow('to be a list of integers');
  });

  const add = (leftShift: number, attributes: Change = {}): unknown =>
    runOperator(
      'add',
      'int8',
      { leftShift, multiplier: [2 ** 30, 2 ** 30, 2 ** 30], shift: [0, 0, -20], ...attributes },
      [
        { shape: [1], data: [1], zeroPoint: -128 },
        { shape: [1], data: [1], zeroPoint: 0 },
      ],
    );

  it('R4 the headroom of an add stays in 32 bits', () => {
    expect(() => add(23)).not.toThrow();
    expect(() => add(24)).toThrow('Expected an input with its headroom to stay below 2^31');
  });

  it('R4 the zero point fits beside the rescaled sum', () => {
    // 255 * 2^23 - 1 and 128 * 2^22 * 33553928 / 2^31 are 2^31 - 127, and rescaled one less.
    const sum = { multiplier: [2 ** 31 - 1, 33_553_928, 2 ** 31 - 1], shift: [1, 0, 0] };
    expect(() => add(22, { ...sum, output: { zeroPoint: 127 } })).not.toThrow();
    expect(() => add(22, { ...sum, output: { zeroPoint: -128 } })).toThrow(
      'Expected the result and its zero point to stay below 2^31 but found a bound of 2147483648',
    );
  });

  it('R5 the sum of a mean stays in 32 bits', () => {
    const mean = (side: number, zeroPoint: number): unknown =>
      runOperator('mean', 'int8', { output: { scale: 1 } }, [
        { shape: [1, side, side, 1], data: new Int8Array(side * side), scale: 1, zeroPoint },
      ]);
    expect(() => mean(2896, 127)).not.toThrow();
    expect(() => mean(2903, 127)).toThrow('Expected the sum to stay below 2^31');
  });

  it('R5 the sum of a pool is that of the codes inside the image', () => {
    const pool = (precision: 'int8' | 'int16', side: number, size: number): unknown =>
      runOperator('averagePool', precision, { size: [size, size], padding: [1, 1, 1, 1] }, [
        { shape: [1, side, side, 1], data: Array.from({ length: side * side }, () => 0) },
      ]);
    expect(() => pool('int8', 256, 256)).not.toThrow();
    expect(() => pool('int16', 255, 257)).not.toThrow();
    expect(() => pool('int16', 256, 256)).toThrow(
      'Expected the sum to stay below 2^31 but found a bound of 2147516416',
    );
  });

  it('R6 the differences of a softmax stay in 32 bits', () => {
    const softmax = (leftShift: number): unknown =>
      runOperator('softmax', 'int8', { multiplier: [2 ** 30], leftShift }, [
        { shape: [2], data: [-128, 127] },
      ]);
    expect(() => softmax(23)).not.toThrow();
    expect(() => softmax(32)).toThrow(
      'Expected a shift that is an integer in [0, 31] but found 32',
    );
    expect(() =>
      runOperator('softmax', 'int8', { multiplier: [2 ** 30], leftShift: 24, diffMin: -255 }, [
        { shape: [2], data: [-128, 127] },
      ]),
    ).toThrow('Expected the shifted difference to stay below 2^31');
  });

  it('P1 padding never makes a window that a pool cannot average', () => {
    expect(() =>
      runOperator('averagePool', 'float32', { size: [1, 1], padding: [0, 1, 0, 0] }, [
        { shape: [1, 1, 1, 1], data: [1] },
      ]),
    ).toThrow('found none at row 1');
  });
});
