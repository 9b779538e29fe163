import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  imageToInput,
  interpreter,
  mobilenetV2,
  quantizeGraph,
  RangeObserver,
  validateGraph,
  type Graph,
  type GraphTensor,
  type Operator,
  type RgbImage,
  type TensorData,
} from '../index.ts';
import { DEFAULT_PREPROCESSING } from '../graph/mobilenet-v2.ts';
import { numbersOf } from '../graph/tensor.ts';
import { quantizeChannel } from '../quantization/weights.ts';

const image = (seed: number): RgbImage => ({
  width: 9,
  height: 7,
  data: Uint8Array.from({ length: 189 }, (_, i) => (i * i * seed + 31 * i) % 256),
});

function calibrated(options: Parameters<typeof mobilenetV2>[0]): {
  readonly graph: Graph;
  readonly ranges: Record<string, readonly [number, number]>;
} {
  const graph = mobilenetV2(options);
  const observer = new RangeObserver(graph);
  for (const seed of [1, 5, 9]) observer.observe(image(seed));
  return { graph, ranges: observer.ranges() };
}

const tensor = (graph: Graph, name: string): GraphTensor => {
  const found = graph.tensors.find((each) => each.name === name);
  if (found === undefined) throw new Error(`Expected tensor ${name}`);
  return found;
};

const forms = [
  { precision: 'int8' },
  { precision: 'int16', int16Weights: 'bounded' },
  { precision: 'int16', int16Weights: 'full' },
  { precision: 'int16', int16Weights: 'int8' },
] as const;

describe('channels', () => {
  const rules = { maxCode: 127, inputRadius: 255, accumulatorLimit: 2 ** 31 };
  const weights = fc
    .array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 1, maxLength: 30 })
    .map((values) => Float64Array.from(values));

  it('W1 the largest weight takes the largest code', () => {
    fc.assert(
      fc.property(weights, (w) => {
        fc.pre(w.some((value) => Math.abs(value) > 1e-3));
        const { weights: codes, scale } = quantizeChannel(w, 0, 0.02, 0.05, rules);
        expect(Math.max(...codes.map(Math.abs))).toBe(127);
        codes.forEach((code, i) => {
          expect(Math.abs(code * scale - (w[i] ?? NaN))).toBeLessThanOrEqual(scale * 0.5001);
        });
      }),
    );
  });

  it('W2 the bias is rounded to its scale', () => {
    fc.assert(
      fc.property(weights, fc.double({ min: -5, max: 5, noNaN: true }), (w, bias) => {
        const channel = quantizeChannel(w, bias, 0.02, 0.05, rules);
        const step = 0.02 * channel.scale;
        expect(Math.abs(channel.bias * step - bias)).toBeLessThanOrEqual(step * 0.5001);
      }),
    );
  });

  it('W4 a channel of zeros gets a scale with which its bias fits', () => {
    for (const bias of [0, 1e-30, 0.5, -1e6]) {
      const channel = quantizeChannel(new Float64Array(9), bias, 0.02, 0.05, rules);
      expect(channel.weights.every((code) => code === 0)).toBe(true);
      expect(Math.abs(channel.bias)).toBeLessThan(2 ** 31);
      expect(Math.abs(channel.bias * 0.02 * channel.scale - bias)).toBeLessThanOrEqual(
        Math.max(Math.abs(bias) * 1e-9, 0.01 * channel.scale),
      );
    }
  });
});

describe('networks', () => {
  it.each(forms)(
    'T4 and T5 every form is a valid graph that runs: $precision $int16Weights',
    (form) => {
      for (const width of [0.1, 0.35]) {
        const { graph, ranges } = calibrated({ width, resolution: 33, classes: 3, seed: 4 });
        const quantized = quantizeGraph(graph, { ranges }, form);
        validateGraph(quantized);
        const input =
          quantized.tensors[0]?.type === 'int8' ? new Int8Array(3267) : new Int16Array(3267);
        const [output] = interpreter(quantized).run([input]).outputs;
        expect(output?.data).toHaveLength(3);
      }
    },
  );

  it('W3 bounded weights keep every accumulator in 32 bits, full ones use 16', () => {
    const { graph, ranges } = calibrated({ width: 0.35, resolution: 33, classes: 3 });
    const codes = (int16Weights: 'bounded' | 'full'): { weights: Int16Array; bias: bigint } => {
      const quantized = quantizeGraph(graph, { ranges }, { precision: 'int16', int16Weights });
      const { data } = tensor(quantized, 'classifier/weights');
      const bias = tensor(quantized, 'classifier/bias').data;
      return {
        weights: (data as Int16Array).subarray(0, 1280),
        bias: (bias as BigInt64Array)[0] ?? 0n,
      };
    };
    const bound = ({ weights, bias }: ReturnType<typeof codes>): number =>
      weights.reduce((sum, w) => sum + Math.abs(w), 0) * 32768 + Math.abs(Number(bias));
    expect(bound(codes('bounded'))).toBeLessThan(2 ** 31);
    expect(bound(codes('bounded'))).toBeGreaterThan(0.99 * 2 ** 31);
    expect(Math.max(...codes('full').weights.map(Math.abs))).toBe(32767);
  });

  it('W5 activations cover their range, which contains 0', () => {
    const { graph, ranges } = calibrated({ width: 0.1, resolution: 33, classes: 3 });
    const given = { ...ranges, 'block_0/project': [0.5, 2], 'block_1/project': [-3, -1] } as const;
    const int8 = quantizeGraph(graph, { ranges: given }, { precision: 'int8' });
    expect(tensor(int8, 'block_0/project').quantization).toEqual({
      scales: [Math.fround(2 / 255)],
      zeroPoint: -128,
    });
    expect(tensor(int8, 'block_1/project').quantization).toEqual({
      scales: [Math.fround(3 / 255)],
      zeroPoint: 127,
    });
    const int16 = quantizeGraph(graph, { ranges: given }, { precision: 'int16' });
    expect(tensor(int16, 'block_1/project').quantization?.scales).toEqual([Math.fround(6 / 32767)]);
    expect(tensor(int8, 'pool').quantization).toEqual(tensor(int8, 'head').quantization);
    expect(tensor(int8, 'flatten').quantization).toEqual(tensor(int8, 'head').quantization);
    expect(tensor(int16, 'probabilities').quantization?.scales).toEqual([1 / 32768]);
  });

  it('W6 the same graph and record give the same result', () => {
    const { graph, ranges } = calibrated({ width: 0.1, resolution: 33, classes: 3 });
    for (const form of forms) {
      expect(quantizeGraph(graph, { ranges }, form)).toEqual(
        quantizeGraph(graph, { ranges }, form),
      );
    }
  });

  it('X3 the first bias makes up for the half step of the int8 input', () => {
    const { graph, ranges } = calibrated({ width: 0.1, resolution: 33, classes: 3 });
    const run = (int8: Graph): number => {
      const { intermediates } = interpreter(int8).run([new Int8Array(3267).fill(-1)], {
        intermediates: true,
      });
      const stem = intermediates.get('stem');
      const { scales = [], zeroPoint = 0 } = stem?.quantization ?? {};
      // Code -1 is x = 127, which is -1/255 in real numbers: the second pixel's window has no padding.
      return (Number(stem?.data[8]) - zeroPoint) * (scales[0] ?? NaN);
    };
    const int8 = quantizeGraph(graph, { ranges }, { precision: 'int8' });
    const float = interpreter(graph).run(
      [new Float32Array(3267).fill(Math.fround(127 / 127.5 - 1))],
      {
        intermediates: true,
      },
    );
    const wanted = Number(float.intermediates.get('stem')?.data[8]);
    const step = tensor(int8, 'stem').quantization?.scales[0] ?? 0;
    expect(Math.abs(run(int8) - wanted)).toBeLessThanOrEqual(step);
  });

  const pad: Operator = {
    kind: 'pad',
    name: 'front',
    inputs: [0],
    output: 1,
    attributes: { padding: Array.from({ length: 4 }, () => [0, 0] as const) },
  };
  const reshape: Operator = { ...pad, kind: 'reshape', attributes: { shape: [1, 1, 1, 3] } };
  const zeroBias: GraphTensor = {
    name: 'bias',
    type: 'float32',
    shape: [1],
    data: new Float32Array(1),
  };

  /** A convolution of the centred image, three channels to one; `front` stands between them. */
  function firstConvolution(front: readonly Operator[], bias: readonly GraphTensor[]): Graph {
    const image = { type: 'float32', shape: [1, 1, 1, 3] } as const;
    return {
      name: 'first convolution',
      precision: 'float32',
      tensors: [
        { ...image, name: 'image' },
        { ...image, name: 'front' },
        { ...image, name: 'weights', data: Float32Array.of(1, 1, 1) },
        { name: 'output', type: 'float32', shape: [1, 1, 1, 1] },
        ...bias,
      ],
      operators: [
        ...front,
        {
          kind: 'conv2d',
          name: 'stem',
          inputs: [front.length, 2, ...bias.map(() => 4)],
          output: 3,
          attributes: {
            stride: [1, 1],
            dilation: [1, 1],
            padding: [0, 0, 0, 0],
            groups: 1,
            activation: 'none',
          },
        },
      ],
      inputs: [0],
      outputs: [3],
      labels: [],
      preprocessing: DEFAULT_PREPROCESSING,
      provenance: {},
    };
  }

  it('X3 reaches a first convolution behind a pad or reshape, or without a bias', () => {
    const biasOf = (graph: Graph, precision: 'int8' | 'int16'): GraphTensor | undefined => {
      const quantized = quantizeGraph(graph, { ranges: { output: [-3, 3] } }, { precision });
      validateGraph(quantized);
      return quantized.tensors[quantized.operators.at(-1)?.inputs[2] ?? -1];
    };
    // 0.5 * 3 / 127.5, in steps of 1 / 127.5 / 127
    const corrected = Int32Array.of(-191);
    for (const front of [[], [pad], [reshape]]) {
      expect(biasOf(firstConvolution(front, [zeroBias]), 'int8')?.data).toEqual(corrected);
      expect(biasOf(firstConvolution(front, []), 'int8')?.data).toEqual(corrected);
      expect(biasOf(firstConvolution(front, []), 'int8')?.name).toBe('stem/bias');
      expect(biasOf(firstConvolution(front, []), 'int16')).toBeUndefined();
    }
  });

  it('W6 quantises a constant of several operators for each', () => {
    const { graph, ranges } = calibrated({ width: 0.1, resolution: 33, classes: 3 });
    const bias = tensor(graph, 'block_1/project/bias');
    const shared = graph.operators.map((operator) =>
      operator.name === 'block_2/project'
        ? { ...operator, inputs: [...operator.inputs.slice(0, 2), graph.tensors.indexOf(bias)] }
        : operator,
    );
    const copies = graph.tensors.map((each) =>
      each.name === 'block_2/project/bias' ? { ...bias, name: each.name } : each,
    );
    const [sharing, apart] = [
      { ...graph, operators: shared },
      { ...graph, tensors: copies },
    ].map((each) => quantizeGraph(each, { ranges }, { precision: 'int8' }));
    if (sharing === undefined || apart === undefined) throw new Error('Expected two graphs');
    const biasOf = (each: Graph): GraphTensor | undefined =>
      each.tensors[each.operators.find(({ name }) => name === 'block_2/project')?.inputs[2] ?? -1];
    expect(biasOf(sharing)?.data).toEqual(biasOf(apart)?.data);
    expect(tensor(sharing, bias.name)).toEqual(tensor(apart, bias.name));
    validateGraph(sharing);
  });

  it('stays close to float32', () => {
    const { graph, ranges } = calibrated({ width: 0.35, resolution: 33, classes: 3, seed: 2 });
    const logits = (of: Graph, input: TensorData): number[] => {
      const { intermediates } = interpreter(of).run([input], { intermediates: true });
      const found = intermediates.get('classifier');
      const { scales, zeroPoint } = found?.quantization ?? { scales: [1], zeroPoint: 0 };
      const data = found?.data ?? new Int8Array(0);
      return Array.from(numbersOf(data, zeroPoint), (q) => q * (scales[0] ?? NaN));
    };
    const wanted = logits(graph, imageToInput(graph, image(5)));
    const int16Graph = quantizeGraph(
      graph,
      { ranges },
      { precision: 'int16', int16Weights: 'full' },
    );
    const int16 = logits(int16Graph, imageToInput(int16Graph, image(5)));
    const largest = Math.max(...wanted.map(Math.abs));
    int16.forEach((value, i) => {
      expect(Math.abs(value - (wanted[i] ?? NaN))).toBeLessThan(0.01 * largest);
    });
  });

  it('refuses an integer graph and a record without a tensor', () => {
    const { graph, ranges } = calibrated({ width: 0.1, resolution: 33, classes: 3 });
    const int8 = quantizeGraph(graph, { ranges }, { precision: 'int8' });
    expect(() => quantizeGraph(int8, { ranges }, { precision: 'int16' })).toThrow(
      new RangeError('Expected a float32 graph to quantise but found int8'),
    );
    expect(() => quantizeGraph(graph, { ranges: {} }, { precision: 'int8' })).toThrow(
      new RangeError('Expected the calibration record to have tensor "stem"'),
    );
    expect(() => new RangeObserver(int8)).toThrow('Expected a float32 graph to calibrate');
  });
});
