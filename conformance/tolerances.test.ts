/** The bounds let right kernels pass and wrong ones not. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  elementCount,
  elementTypeOf,
  runOperator,
  type GivenAttributes,
  type Operator,
  type OperatorAttributes,
  type OperatorKind,
  type Quantization,
  type Tensor,
  type TensorData,
} from '../reference/index.ts';
import { windowCase } from '../reference/test/arbitraries.ts';
import { textbookKernel } from './test/textbook-kernels.ts';
import { compareOperator, gamma, isExact, ulp } from './tolerances.ts';

function tensor(
  shape: readonly number[],
  data: TensorData | readonly number[],
  quantization?: Quantization,
): Tensor {
  const elements = elementTypeOf(data) === undefined ? Float32Array.from(data, Number) : data;
  return {
    name: 'tensor',
    type: elementTypeOf(elements) ?? 'float32',
    shape,
    ...(quantization === undefined ? {} : { quantization }),
    data: elements as TensorData,
  };
}

function operatorOf<K extends OperatorKind>(kind: K, attributes: OperatorAttributes[K]): Operator {
  return { kind, name: kind, inputs: [], output: 0, attributes } as unknown as Operator;
}

/** What the reference makes of float32 inputs. */
function expectedOf({ kind, attributes }: Operator, inputs: readonly Tensor[]): Tensor {
  return runOperator(kind, 'float32', attributes as GivenAttributes<typeof kind>, inputs);
}

/** `found` with an element that is as many ulps away. */
function off(found: Tensor, index: number, ulps: number): Tensor {
  const data = found.data.slice();
  const value = Number(data[index]);
  data[index] = value + ulps * ulp(value);
  return { ...found, data };
}

const window = { stride: [1, 1], padding: [0, 0, 0, 0], activation: 'none' } as const;
const conv = operatorOf('conv2d', { ...window, dilation: [1, 1], groups: 1 });
const dense = operatorOf('fullyConnected', { activation: 'none' });

it('an ulp is the distance to the next float32 number', () => {
  expect([1, -1, 1.5, 2, 0.75].map(ulp)).toEqual([
    2 ** -23,
    2 ** -23,
    2 ** -23,
    2 ** -22,
    2 ** -24,
  ]);
  expect([0, 2 ** -149, 2 ** -127, 2 ** -126].map(ulp)).toEqual(Array(4).fill(2 ** -149));
  expect(gamma(0)).toBe(0);
  expect(gamma(1)).toBeGreaterThan(2 ** -24);
});

it('states which operators are exact', () => {
  expect(isExact('conv2d', 'int8')).toBe(true);
  expect(isExact('conv2d', 'float32')).toBe(false);
  expect(isExact('dequantize', 'float32')).toBe(true);
});

describe('right float32 kernels', () => {
  const element = fc.oneof(
    fc.float({ min: -8, max: 8, noNaN: true }),
    fc.float({ min: Math.fround(-1e-20), max: Math.fround(1e-20), noNaN: true }),
    fc.constantFrom(0, -0, 2 ** -149, 1, -1, 1e6, -1e6),
  );
  const elements = (length: number): fc.Arbitrary<number[]> =>
    fc.array(element, { minLength: length, maxLength: length });
  const order = fc.constantFrom('forward' as const, 'backward' as const);
  const activation = fc.constantFrom('none' as const, 'relu' as const, 'relu6' as const);

  /** Every right kernel stays within its bound. */
  function holds(
    operator: Operator,
    inputs: readonly Tensor[],
    sums: 'forward' | 'backward',
  ): void {
    const expected = expectedOf(operator, inputs);
    const found = { ...expected, data: textbookKernel(operator, inputs, expected, sums) };
    const { worst, violation, compared } = compareOperator(operator, inputs, found);
    expect(violation).toBeUndefined();
    expect(worst).toBeLessThanOrEqual(1);
    expect(compared).toBe(found.data.length);
  }

  it.each(['conv2d', 'depthwiseConv2d'] as const)('B1 %s', (kind) => {
    const cases = fc
      .record({
        geometry: windowCase(fc.constantFrom(2, 4)),
        lanes: fc.constantFrom(4, 8),
        groups: fc.constantFrom(1, 2),
        activation,
        order,
      })
      .chain((given) => {
        const [height, width, channels] = given.geometry.shape;
        const depth = kind === 'conv2d' ? channels / given.groups : 1;
        const weights = given.lanes * given.geometry.kernel[0] * given.geometry.kernel[1] * depth;
        return fc.record({
          given: fc.constant(given),
          x: elements(height * width * channels),
          w: elements(weights),
          b: elements(given.lanes),
        });
      });
    fc.assert(
      fc.property(cases, ({ given, x, w, b }) => {
        const { geometry, lanes, groups } = given;
        const { stride, dilation, padding, kernel, shape } = geometry;
        const attributes = { stride, dilation, padding, activation: given.activation };
        const [weights, operator] =
          kind === 'conv2d'
            ? [
                [lanes, ...kernel, shape[2] / groups],
                operatorOf('conv2d', { ...attributes, groups }),
              ]
            : [[1, ...kernel, lanes], operatorOf('depthwiseConv2d', attributes)];
        holds(
          operator,
          [tensor([1, ...shape], x), tensor(weights, w), tensor([lanes], b)],
          given.order,
        );
      }),
      { numRuns: 150 },
    );
  });

  it('B1 fullyConnected', () => {
    fc.assert(
      fc.property(
        elements(37),
        elements(37 * 3),
        elements(3),
        activation,
        order,
        (x, w, b, a, o) => {
          const operator = operatorOf('fullyConnected', { activation: a });
          holds(operator, [tensor([1, 37], x), tensor([3, 37], w), tensor([3], b)], o);
        },
      ),
    );
  });

  it('pools', () => {
    fc.assert(
      fc.property(elements(7 * 5 * 3), order, (x, o) => {
        const inputs = [tensor([1, 7, 5, 3], x)];
        holds(operatorOf('averagePool', { ...window, size: [7, 5] }), inputs, o);
        holds(operatorOf('mean', { keepDimensions: false }), inputs, o);
      }),
    );
  });

  it('softmax, also where results are small', () => {
    const wide = fc.array(fc.float({ min: -120, max: 20, noNaN: true }), {
      minLength: 40,
      maxLength: 40,
    });
    fc.assert(
      fc.property(wide, fc.constantFrom(1, 0.5), order, (x, beta, o) => {
        holds(operatorOf('softmax', { beta }), [tensor([2, 20], x)], o);
      }),
    );
  });
});

describe('wrong kernels', () => {
  const inputs = [
    tensor([1, 1, 2, 2], [1, 2, 3, 4]),
    tensor([1, 1, 1, 2], [0.5, 0.25]),
    tensor([1], [1]),
  ];

  it('B1 a sum beyond its bound is told, the first of several', () => {
    const expected = expectedOf(conv, inputs);
    // Three roundings of |0.5| + |0.5| + |1|, and one ulp.
    const bound = gamma(3) * 2 + 2 * 2 ** -149 + 2 ** -22;
    expect([...expected.data]).toEqual([2, 3.5]);
    const { worst, violation } = compareOperator(conv, inputs, off(expected, 0, 2));
    expect(worst).toBeCloseTo((2 * 2 ** -22) / bound);
    expect(violation).toBeUndefined();
    expect(compareOperator(conv, inputs, off(expected, 0, 3)).violation).toEqual({
      index: 0,
      expected: 2,
      found: 2 + 3 * 2 ** -22,
      bound,
    });
    expect(compareOperator(conv, inputs, off(off(expected, 1, 9), 0, 1)).violation?.index).toBe(1);
  });

  it('a NaN or infinity in place of a number is told', () => {
    const expected = expectedOf(conv, inputs);
    for (const value of [NaN, Infinity]) {
      const found = { ...expected, data: new Float32Array([2, value]) };
      expect(compareOperator(conv, inputs, found)).toMatchObject({
        worst: Infinity,
        violation: { index: 1, expected: 3.5, found: value },
      });
    }
  });

  it('a pool and a softmax beyond their bounds are told', () => {
    const image = [tensor([1, 2, 2, 1], [1, 2, 3, 4])];
    for (const operator of [
      operatorOf('averagePool', { ...window, size: [2, 2] }),
      operatorOf('mean', { keepDimensions: true }),
    ]) {
      const expected = expectedOf(operator, image);
      expect(compareOperator(operator, image, off(expected, 0, 2)).worst).toBeLessThan(1);
      expect(compareOperator(operator, image, off(expected, 0, 4)).violation?.index).toBe(0);
    }
    const row = [tensor([1, 3], [1, 2, 3])];
    const operator = operatorOf('softmax', { beta: 1 });
    const expected = expectedOf(operator, row);
    expect(compareOperator(operator, row, off(expected, 1, 5)).violation).toBeUndefined();
    expect(compareOperator(operator, row, off(expected, 1, 40)).violation?.index).toBe(1);
  });

  it('A2 an exact operator differs by any ulp, but not by the sign of zero', () => {
    const operator = operatorOf('add', { activation: 'none' });
    const terms = [tensor([3], [1, -1, NaN]), tensor([3], [1, 1, 1])];
    const expected = expectedOf(operator, terms);
    const zero = { ...expected, data: new Float32Array([2, -0, NaN]) };
    expect(compareOperator(operator, terms, zero)).toEqual({
      worst: 0,
      compared: 3,
      uncompared: 0,
    });
    expect(compareOperator(operator, terms, off(expected, 0, 1))).toMatchObject({
      worst: Infinity,
      violation: { index: 0, bound: 0 },
    });
  });

  it('integers are exact', () => {
    const quantization = { scales: [0.5], zeroPoint: 3 };
    const codes = [tensor([2], new Int8Array([1, 2]), quantization)];
    const operator = operatorOf('quantize', {});
    const same = tensor([2], new Int8Array([1, 2]), quantization);
    expect(compareOperator(operator, codes, same).violation).toBeUndefined();
    const other = tensor([2], new Int8Array([1, 3]), quantization);
    expect(compareOperator(operator, codes, other).violation).toEqual({
      index: 1,
      expected: 2,
      found: 3,
      bound: 0,
    });
    const dequantize = operatorOf('dequantize', {});
    expect(compareOperator(dequantize, codes, tensor([2], [-1, -0.5])).worst).toBe(0);
  });

  it('another type or size is refused', () => {
    const other = { ...expectedOf(conv, inputs), data: new Float32Array(3) };
    expect(() => compareOperator(conv, inputs, other)).toThrow(
      new RangeError('Expected 2 elements from operator "conv2d" but found 3'),
    );
    const integers = { ...other, data: new Int8Array(2) };
    expect(() => compareOperator(conv, inputs, integers)).toThrow(
      new RangeError('Expected Float32Array from operator "conv2d" but found Int8Array'),
    );
  });
});

describe('overflow and values that are no numbers', () => {
  const weights = [tensor([2, 2], [1, 1, 1, 0]), tensor([2], [0, 0])];
  const compare = (x: readonly number[], found: readonly number[], operator = dense) =>
    compareOperator(operator, [tensor([1, 2], x), ...weights], tensor([1, 2], found));

  it('B1 sums that may overflow on the way are counted, not compared', () => {
    const huge = Math.fround(3e38);
    expect(compare([huge, -huge], [NaN, 0])).toEqual({ worst: 0, compared: 0, uncompared: 2 });
    expect(compare([huge, Infinity], [5, 5]).uncompared).toBe(2);
    expect(compare([8e37, -8e37], [0, Math.fround(8e37)])).toEqual({
      worst: 0,
      compared: 2,
      uncompared: 0,
    });
  });

  it('B1 NaN stays NaN, an infinity keeps its sign', () => {
    // The second output multiplies the infinity by 0.
    expect(compare([1, Infinity], [Infinity, NaN]).worst).toBe(0);
    expect(compare([1, Infinity], [-Infinity, NaN]).violation?.index).toBe(0);
    expect(compare([1, Infinity], [Infinity, 1]).violation?.index).toBe(1);
    expect(compare([1, NaN], [NaN, NaN]).worst).toBe(0);
    expect(compare([1, NaN], [NaN, 0]).violation?.index).toBe(1);
  });

  it('B1 a clamp makes an infinity its limit', () => {
    const clamped = operatorOf('fullyConnected', { activation: 'relu6' });
    expect(compare([1, Infinity], [6, NaN], clamped).worst).toBe(0);
    expect(compare([1, Infinity], [5, NaN], clamped).violation?.index).toBe(0);
  });

  it('a softmax gives NaN where the reference does', () => {
    const operator = operatorOf('softmax', { beta: 1 });
    const row = (x: readonly number[], found: readonly number[]) =>
      compareOperator(operator, [tensor([2, 2], x)], tensor([2, 2], found));
    expect(row([1, Infinity, 0, 0], [NaN, NaN, 0.5, 0.5]).worst).toBe(0);
    expect(row([1, Infinity, 0, 0], [NaN, 1, 0.5, 0.5]).violation?.index).toBe(1);
    expect(row([1, -Infinity, 0, 0], [1, 0, 0.5, 0.5]).worst).toBe(0);
    expect(row([1, -Infinity, 0, 0], [1, NaN, 0.5, 0.5]).violation?.index).toBe(1);
  });

  it('inputs stay as they are', () => {
    const x = tensor([1, 2], [1, Infinity]);
    compareOperator(dense, [x, ...weights], tensor([1, 2], [Infinity, NaN]));
    expect([...x.data]).toEqual([1, Infinity]);
    expect(elementCount(x.shape)).toBe(2);
  });
});
