/** ONNX files that lie about themselves: a `FileError` each, in little time and memory. */

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { PbfWriter } from 'pbf';
import { describe, expect, it } from 'vitest';
import { sharedDataPresent, sharedPath } from '../../conformance/shared/folder.ts';
import { FileError } from '../errors.ts';
import { base, conv, readOnnx, withNodes } from './onnx-models.ts';
import { encodeOnnx, type ConstantSpec, type ModelSpec } from './onnx-writer.ts';

const withConstant = (constant: ConstantSpec): ModelSpec => withNodes([conv], { w: constant });
const shaped = (...shape: readonly number[]): ModelSpec => withConstant({ shape, data: [1] });
const more = (write: (pbf: PbfWriter) => void): ModelSpec =>
  withConstant({ shape: [1], data: [1], more: write });

describe('tensors', () => {
  it.each<readonly [string, ModelSpec, string]>([
    [
      'negative extents',
      shaped(-1, -1),
      'Expected every extent to be an integer greater than 0 but found [-1, -1]',
    ],
    [
      'no elements',
      withConstant({ shape: [1e10, 0], data: [] }),
      'Expected every extent to be an integer greater than 0 but found [10000000000, 0]',
    ],
    [
      'more elements than the file has',
      shaped(1e9, 1e9),
      'Expected 1000000000000000000 elements for shape [1000000000, 1000000000] but found 1',
    ],
    [
      'another type',
      withConstant({ shape: [1], data: [1], type: 10 }),
      'Expected float32, int8, uint8, int32 or int64 elements but found ONNX type 10',
    ],
    [
      'half an element',
      withConstant({
        shape: [1],
        data: [],
        more: (pbf) => {
          pbf.writeBytesField(9, new Uint8Array(6));
        },
      }),
      'Expected its elements once but found more',
    ],
    [
      'its elements twice',
      more((pbf) => {
        pbf.writePackedFloat(4, [1]);
      }),
      'Expected its elements once but found more',
    ],
    [
      'data elsewhere',
      more((pbf) => {
        pbf.writeVarintField(14, 1);
      }),
      'Expected data in the file, not outside it',
    ],
  ])('refuses %s', (_name, model, text) => {
    expect(() => readOnnx(encodeOnnx(model))).toThrow(
      `net.onnx: Expected an ONNX model. Tensor "w": ${text}`,
    );
  });
});

/** A graph of one field, repeated, under everything else that a file has. */
const repeated = (field: number, bytes: readonly number[], times: number): Uint8Array => {
  const once = Uint8Array.of((field << 3) | 2, bytes.length, ...bytes);
  const graph = new Uint8Array(once.length * times).map((_, i) => once[i % once.length] ?? 0);
  const pbf = new PbfWriter();
  pbf.writeBytesField(7, graph);
  return pbf.finish();
};

describe('files', () => {
  it.each<readonly [string, () => Uint8Array, string]>([
    ['two million operators', () => repeated(1, [], 2e6), 'at most 10000 operators but found more'],
    [
      'constants without names',
      () => repeated(5, [8, 1, 16, 1, 74, 4, 0, 0, 0, 0], 2e5),
      'Tensor "": Expected one such constant but found two',
    ],
    ['two million inputs', () => repeated(11, [], 2e6), 'at most 500000 values but found more'],
    [
      'half a million inputs of operators',
      () =>
        repeated(
          1,
          Array.from({ length: 120 }, (_, i) => (i % 2 === 0 ? 10 : 0)),
          9000,
        ),
      'at most 500000 values but found more',
    ],
    [
      'a list of extents as long as a file',
      () => encodeOnnx(shaped(...new Array<number>(2000).fill(1))),
      'at most 1024 integers but found more',
    ],
    [
      'a list that ends within an integer',
      () => Uint8Array.of(0x3a, 8, 0x2a, 6, 0x0a, 2, 1, 0x81, 1, 0),
      'integers to end with their list',
    ],
    [
      'a length beyond the end',
      () => Uint8Array.of(0x3a, 0xff, 0xff, 0xff, 0xff, 0x7f),
      '34359738367 bytes of a field but found the end',
    ],
    [
      'a message longer than the one around it',
      () => Uint8Array.of(0x3a, 2, 0x0a, 3, 0, 0, 0),
      '3 bytes of a field but found the end',
    ],
    [
      'a number where a message should be',
      () => Uint8Array.of(0x38, 1),
      'a field of wire type 2 but found 0',
    ],
    ['field 0', () => Uint8Array.of(0x00, 1), 'a field number greater than 0 but found 0'],
    [
      'a name with control characters',
      () => encodeOnnx({ ...base, output: '\u001b[2J' }),
      'a name without control characters',
    ],
    [
      'a name like a book',
      () => encodeOnnx({ ...base, output: 'x'.repeat(2000) }),
      'a name of at most 1024 bytes but found 2000',
    ],
  ])('refuses %s', (_name, bytes, text) => {
    expect(() => readOnnx(bytes())).toThrow(text);
  });

  it('refuses weights that many operators copy', () => {
    const convs = Array.from({ length: 5000 }, (_, i) => ({
      ...conv,
      inputs: [i === 0 ? 'image' : `c${String(i - 1)}`, 'w'],
      output: `c${String(i)}`,
      ints: { pads: [50, 50, 50, 50] },
    }));
    const side = 101;
    const w = { shape: [3, 3, side, side], data: new Array<number>(9 * side * side).fill(0) };
    expect(() => readOnnx(encodeOnnx(withNodes(convs, { w })))).toThrow(
      'Operator "c730" (Conv): Expected at most 67108864 elements in the constants up to here but found more',
    );
  });

  const present = sharedDataPresent('models', 'damage to a real ONNX model');

  it.skipIf(!present)('any damage to a real model gives a graph or a FileError', () => {
    const bytes = readFileSync(sharedPath('models', 'small.onnx'));
    // Between the names and numbers of the graph lie megabytes of weights, so damage is aimed at the structure.
    const position = fc.oneof(fc.nat(14_500), fc.nat(bytes.length - 1));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(position, fc.nat(7)), { maxLength: 4 }),
        fc.option(fc.nat(bytes.length), { nil: bytes.length }),
        (flips, length) => {
          const data = Uint8Array.from(bytes.subarray(0, length));
          for (const [at, bit] of flips) data[at] = (data[at] ?? 0) ^ (1 << bit);
          try {
            readOnnx(data);
          } catch (error) {
            if (!(error instanceof FileError)) throw error;
          }
        },
      ),
      { numRuns: 100 },
    );
  });
});
