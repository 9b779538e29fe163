import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { interpreter } from '../../reference/index.ts';
import { FileError } from '../errors.ts';
import { decodeOnnx } from '../formats/onnx/wire.ts';
import { base, conv, ramp, readOnnx as read, withNodes } from './onnx-models.ts';
import { encodeOnnx, type ModelSpec, type NodeSpec } from './onnx-writer.ts';

describe('import', () => {
  it('turns NCHW into NHWC', () => {
    const graph = read(encodeOnnx(base));
    const image = ramp(48, 0.3);
    const nhwc = Float32Array.from(
      { length: 48 },
      (_, i) => image[(i % 3) * 16 + Math.floor(i / 3)] ?? NaN,
    );
    const [output] = interpreter(graph).run([nhwc]).outputs;
    const expected: number[] = [];
    const w = base.constants['w']?.data.map(Math.fround) ?? [];
    for (let oy = 0; oy < 2; oy++) {
      for (let ox = 0; ox < 2; ox++) {
        for (let oc = 0; oc < 2; oc++) {
          let sum = oc === 0 ? 0.5 : -0.5;
          for (let c = 0; c < 3; c++) {
            for (let ky = 0; ky < 3; ky++) {
              for (let kx = 0; kx < 3; kx++) {
                const [y, x] = [oy * 2 + ky, ox * 2 + kx];
                if (y > 3 || x > 3) continue;
                sum +=
                  Math.fround(image[c * 16 + y * 4 + x] ?? NaN) *
                  (w[oc * 27 + c * 9 + ky * 3 + kx] ?? NaN);
              }
            }
          }
          expected.push(sum);
        }
      }
    }
    expect(output?.shape).toEqual([1, 2, 2, 2]);
    Array.from(output?.data ?? [], Number).forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i] ?? NaN, 5);
    });
  });

  it('fuses clamps where nothing else reads the value before', () => {
    const limits = { zero: { shape: [], data: [0] }, six: { shape: [], data: [6] } };
    const clip: NodeSpec = { type: 'Clip', inputs: ['conv', 'zero', 'six'], output: 'clip' };
    const fused = read(encodeOnnx(withNodes([conv, clip], limits)));
    expect(
      fused.operators.map((o) => [o.kind, 'activation' in o.attributes && o.attributes.activation]),
    ).toEqual([['conv2d', 'relu6']]);
    const add: NodeSpec = { type: 'Add', inputs: ['conv', 'clip'], output: 'sum' };
    const apart = read(encodeOnnx(withNodes([conv, clip, add], limits)));
    expect(apart.operators.map((o) => o.kind)).toEqual(['conv2d', 'clamp', 'add']);
  });

  it('folds batch normalisation', () => {
    const statistics = {
      scale: { shape: [2], data: [2, 3] },
      offset: { shape: [2], data: [0.1, 0.2] },
      mean: { shape: [2], data: [0.3, 0.4] },
      variance: { shape: [2], data: [4, 9] },
    };
    const normalise: NodeSpec = {
      type: 'BatchNormalization',
      inputs: ['conv', 'scale', 'offset', 'mean', 'variance'],
      output: 'normal',
      float: { epsilon: 0 },
    };
    const plain = interpreter(read(encodeOnnx(base))).run([Float32Array.from(ramp(48))]).outputs[0];
    const folded = interpreter(read(encodeOnnx(withNodes([conv, normalise], statistics)))).run([
      Float32Array.from(ramp(48)),
    ]).outputs[0];
    Array.from(plain?.data ?? [], Number).forEach((value, i) => {
      const wanted = i % 2 === 0 ? ((value - 0.3) / 2) * 2 + 0.1 : ((value - 0.4) / 3) * 3 + 0.2;
      expect(Number(folded?.data[i])).toBeCloseTo(wanted, 5);
    });
  });

  it('reads the tail of a classifier', () => {
    const tail: readonly NodeSpec[] = [
      conv,
      { type: 'GlobalAveragePool', inputs: ['conv'], output: 'pool' },
      { type: 'Flatten', inputs: ['pool'], output: 'flat' },
      { type: 'Gemm', inputs: ['flat', 'gw', 'gb'], output: 'logits', int: { transB: 1 } },
      { type: 'Softmax', inputs: ['logits'], output: 'probabilities', int: { axis: 1 } },
    ];
    const graph = read(
      encodeOnnx(
        withNodes(tail, {
          gw: { shape: [5, 2], data: ramp(10) },
          gb: { shape: [5], data: ramp(5) },
        }),
      ),
    );
    expect(graph.operators.map((o) => o.kind)).toEqual([
      'conv2d',
      'averagePool',
      'reshape',
      'fullyConnected',
      'softmax',
    ]);
    expect(graph.tensors[graph.outputs[0] ?? -1]?.shape).toEqual([1, 5]);
  });

  it.each<readonly [string, ModelSpec, string]>([
    [
      'an operator that no MobileNetV2 has',
      withNodes([{ type: 'MaxPool', inputs: ['image'], output: 'pooled' }]),
      'Operator "pooled" (MaxPool): Expected an operator of a MobileNetV2 classifier',
    ],
    [
      'an input that is not computed',
      withNodes([{ ...conv, inputs: ['nowhere', 'w', 'b'] }]),
      'Operator "conv" (Conv): Expected input "nowhere" to be computed before it is used',
    ],
    [
      'weights that are missing',
      withNodes([{ ...conv, inputs: ['image', 'v', 'b'] }]),
      'Operator "conv" (Conv): Expected input "v" to be a constant',
    ],
    [
      'weights of another shape',
      withNodes([conv], { w: { shape: [2, 4, 3, 3], data: ramp(72) } }),
      'Operator "conv": Expected weights for 3 input channels a group but found 4',
    ],
    [
      'NaN weights',
      withNodes([conv], { b: { shape: [2], data: [0, NaN] } }),
      'Tensor "conv/bias": Expected finite constants but found NaN at element 1',
    ],
    [
      'an input of four channels',
      { ...base, input: [1, 4, 4, 4] },
      'Expected a float32 input of shape [1, 3, height, width] but found [1, 4, 4, 4]',
    ],
    [
      'an enormous input',
      { ...base, input: [1, 3, 2 ** 20, 2 ** 20] },
      'Tensor "image": Expected at most 134217728 elements',
    ],
    [
      'a flattened image',
      withNodes([conv, { type: 'Flatten', inputs: ['conv'], output: 'flat' }]),
      'Operator "flat" (Flatten): Expected one pixel to flatten but found shape [1, 2, 2, 2]',
    ],
    ['no output', { ...base, output: 'elsewhere' }, 'Expected one output that is computed'],
  ])('refuses %s', (_name, model, text) => {
    expect(() => read(encodeOnnx(model))).toThrow(`net.onnx: ${text}`);
  });

  it('refuses files that are no ONNX', () => {
    expect(() => decodeOnnx('net.onnx', new Uint8Array(0))).toThrow(
      'net.onnx: Expected an ONNX model.',
    );
    expect(() => decodeOnnx('net.onnx', Buffer.from('<html></html>'))).toThrow(FileError);
  });

  it('any damage gives a graph or a FileError', () => {
    const bytes = encodeOnnx(base);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { maxLength: 6 }),
        fc.option(fc.nat(bytes.length), { nil: bytes.length }),
        (damage, length) => {
          const data = Uint8Array.from(bytes);
          for (const [at, value] of damage) data[at] = value;
          try {
            read(data.subarray(0, length));
          } catch (error) {
            if (!(error instanceof FileError)) throw error;
          }
        },
      ),
      { numRuns: 3000 },
    );
  });
});
