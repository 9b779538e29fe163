import { describe, expect, it } from 'vitest';
import {
  elementCount,
  interpreter,
  makeDivisible,
  mobilenetV2,
  multiplyAccumulates,
  samePadding,
} from '../index.ts';

describe('the MobileNetV2 builder', () => {
  it('G1 makes the network of the paper', () => {
    const graph = mobilenetV2();
    const work = graph.operators.reduce(
      (sum, operator) => sum + multiplyAccumulates(graph, operator),
      0,
    );
    const parameters = graph.tensors.reduce(
      (sum, tensor) => sum + (tensor.data === undefined ? 0 : elementCount(tensor.shape)),
      0,
    );
    // Sandler et al., table 4: 300 M multiply-adds, 3.4 M parameters (3.47 M with folded biases at 1000 classes).
    expect(work).toBeGreaterThan(300e6);
    expect(work).toBeLessThan(302e6);
    expect(parameters).toBe(3_487_816);
    expect(graph.operators.filter((operator) => operator.kind === 'add')).toHaveLength(10);
  });

  it('G1 rounds channels to multiples of 8, never below 90 %', () => {
    expect([3, 11.2, 12, 33.6, 56, 8.4, 17].map((c) => makeDivisible(c))).toEqual([
      8, 16, 16, 32, 56, 8, 16,
    ]);
    for (let c = 1; c < 2000; c++) {
      expect(makeDivisible(c) % 8).toBe(0);
      expect(makeDivisible(c)).toBeGreaterThanOrEqual(0.9 * c);
    }
  });

  it('G1 keeps the head at 1280 for narrow networks and widens it for wide ones', () => {
    const head = (width: number): number | undefined =>
      mobilenetV2({ width, resolution: 32, classes: 2 }).tensors.find((t) => t.name === 'head/bias')
        ?.shape[0];
    expect([head(0.35), head(1), head(1.4)]).toEqual([1280, 1280, 1792]);
  });

  it.each([
    [0.1, 1, 1],
    [0.35, 17, 2],
    [1.4, 33, 7],
  ])('G1 runs at width %f, resolution %i and %i classes', (width, resolution, classes) => {
    for (const padding of ['same', 'symmetric'] as const) {
      const network = interpreter(mobilenetV2({ width, resolution, classes, padding }));
      const { outputs } = network.run([new Float32Array(resolution * resolution * 3).fill(0.5)]);
      const probabilities = Array.from(outputs[0]?.data ?? [], Number);
      expect(probabilities).toHaveLength(classes);
      expect(probabilities.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
    }
  });

  it('refuses what is no network', () => {
    expect(() => mobilenetV2({ width: 0 })).toThrow('Expected width to be in (0, 8] but found 0');
    expect(() => mobilenetV2({ resolution: 0.5 })).toThrow(
      'Expected resolution to be an integer in [1, 4096] but found 0.5',
    );
    expect(() => mobilenetV2({ classes: 0 })).toThrow(RangeError);
  });

  it('draws the same weights from the same seed', () => {
    const options = { width: 0.1, resolution: 8, classes: 2 };
    expect(mobilenetV2({ ...options, seed: 7 })).toEqual(mobilenetV2({ ...options, seed: 7 }));
    expect(mobilenetV2({ ...options, seed: 7 })).not.toEqual(mobilenetV2({ ...options, seed: 8 }));
  });
});

describe('padding', () => {
  it('P1 SAME pads a stride-2 window on an even size at the end alone', () => {
    expect(samePadding([224, 224], [3, 3], [2, 2], [1, 1])).toEqual([0, 1, 0, 1]);
    expect(samePadding([225, 7], [3, 3], [2, 1], [1, 1])).toEqual([1, 1, 1, 1]);
    expect(samePadding([8, 8], [4, 2], [1, 1], [2, 3])).toEqual([3, 3, 1, 2]);
    expect(samePadding([5, 5], [1, 1], [2, 2], [1, 1])).toEqual([0, 0, 0, 0]);
  });

  it('P1 the two paddings are different networks', () => {
    const paddingOf = (padding: 'same' | 'symmetric'): unknown => {
      const [stem] = mobilenetV2({ resolution: 32, padding }).operators;
      return stem?.kind === 'conv2d' ? stem.attributes.padding : undefined;
    };
    expect(paddingOf('same')).toEqual([0, 1, 0, 1]);
    expect(paddingOf('symmetric')).toEqual([1, 1, 1, 1]);
  });
});

describe('the interpreter', () => {
  const network = interpreter(mobilenetV2({ width: 0.1, resolution: 8, classes: 2 }));

  it('refuses inputs of another type, size or number', () => {
    expect(() => network.run([new Int8Array(192)])).toThrow(
      new TypeError('Expected input "image" to be float32 but found int8'),
    );
    expect(() => network.run([new Float32Array(191)])).toThrow(
      new RangeError('Expected input "image" to have 192 elements but found 191'),
    );
    expect(() => network.run([])).toThrow(new RangeError('Expected 1 inputs but found 0'));
  });

  it('does not modify its input and tells its progress', () => {
    const input = Float32Array.from({ length: 192 }, (_, i) => i / 192);
    const before = Float32Array.from(input);
    const positions: number[] = [];
    network.run([input], { onOperator: (position) => positions.push(position) });
    expect(input).toEqual(before);
    expect(positions).toEqual(network.graph.operators.map((_, i) => i));
  });
});
