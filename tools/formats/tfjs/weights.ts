/**
 * The weights of a TensorFlow.js model: one after the other in the bytes of its files, which may be cut anywhere, each as
 * it is or quantised (github tensorflow/tfjs, tfjs-core/src/io/io_utils.ts, decodeWeights).
 */

import { FileError } from '../../errors.ts';
import { float16 } from '../float16.ts';

export interface Weight {
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array;
}

interface Spec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly quantization?:
    | {
        readonly dtype: string;
        readonly scale?: number | undefined;
        readonly min?: number | undefined;
      }
    | undefined;
}

export interface WeightsGroup {
  readonly paths: readonly string[];
  readonly weights: readonly Spec[];
}

/** Of all files together: as much as any model file may have. */
const MAX_BYTES = 128 * 2 ** 20;
/** Elements in all: twice what the largest model has, since a quantised one takes a byte in the file. */
const MAX_ELEMENTS = 2 ** 26;

/** @throws {FileError} naming the weight or file that is not what the model says */
export function decodeWeights(
  file: string,
  groups: readonly WeightsGroup[],
  open: (name: string) => Uint8Array,
): ReadonlyMap<string, Weight> {
  const weights = new Map<string, Weight>();
  const claim = { bytes: 0, elements: 0 };
  for (const group of groups) {
    const sizes = group.weights.map((spec) => {
      const size = sizeOf(file, spec);
      claim.elements += size.elements;
      claim.bytes += size.bytes;
      if (claim.elements > MAX_ELEMENTS || claim.bytes > MAX_BYTES) {
        throw new FileError(
          file,
          `Weight "${spec.name}": Expected at most ${String(MAX_ELEMENTS)} elements in all up to here but found more`,
        );
      }
      return size;
    });
    const wanted = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
    const data = readGroup(file, group.paths, wanted, open);
    let at = 0;
    group.weights.forEach((spec, i) => {
      const { bytes = 0, elements = 0 } = sizes[i] ?? {};
      if (weights.has(spec.name)) {
        throw new FileError(file, `Weight "${spec.name}": Expected one such weight but found two`);
      }
      // A copy, since elements have to be aligned.
      const { buffer } = data.slice(at, at + bytes);
      weights.set(spec.name, { shape: spec.shape, data: elementsOf(spec, buffer, elements) });
      at += bytes;
    });
  }
  return weights;
}

const bytesOfType: Readonly<Record<string, number>> = {
  float32: 4,
  int32: 4,
  uint8: 1,
  uint16: 2,
  float16: 2,
};

function sizeOf(
  file: string,
  { name, shape, dtype, quantization }: Spec,
): { readonly elements: number; readonly bytes: number } {
  const stored = quantization?.dtype ?? dtype;
  const fail = (text: string): FileError => new FileError(file, `Weight "${name}": ${text}`);
  if (dtype !== 'float32' && dtype !== 'int32') {
    throw fail(`Expected float32 or int32 but found ${dtype}`);
  }
  const wanted = quantization === undefined ? [dtype] : ['uint8', 'uint16', 'float16'];
  const bytes = bytesOfType[stored];
  if (bytes === undefined || !wanted.includes(stored)) {
    throw fail(`Expected to be stored as ${wanted.join(', ')} but found ${stored}`);
  }
  if (quantization !== undefined && stored !== 'float16') {
    const { scale, min } = quantization;
    if (scale === undefined || min === undefined) {
      throw fail(`Expected a scale and a smallest value for ${stored} but found none`);
    }
  }
  const elements = shape.reduce((product, extent) => product * extent, 1);
  return { elements, bytes: elements * bytes };
}

/** The bytes of a group's files, which are read one after the other as long as they are wanted. */
function readGroup(
  file: string,
  paths: readonly string[],
  wanted: number,
  open: (name: string) => Uint8Array,
): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  let found = 0;
  for (const path of paths) {
    if (!/^[\w.-]+$/.test(path) || /^\.+$/.test(path)) {
      throw new FileError(file, `Expected weights files beside it but found path "${path}"`);
    }
    const part = open(path);
    parts.push(part);
    found += part.length;
    if (found > wanted) break;
  }
  if (found !== wanted) {
    throw new FileError(
      file,
      `Expected ${String(wanted)} bytes in its weights files but found ${found > wanted ? 'more' : String(found)}`,
    );
  }
  const data = new Uint8Array(found);
  let at = 0;
  for (const part of parts) {
    data.set(part, at);
    at += part.length;
  }
  return data;
}

function elementsOf(
  { dtype, quantization }: Spec,
  buffer: ArrayBuffer,
  elements: number,
): Weight['data'] {
  const make = (value: (i: number) => number): Weight['data'] =>
    dtype === 'int32'
      ? Int32Array.from({ length: elements }, (_, i) => Math.round(value(i)))
      : Float32Array.from({ length: elements }, (_, i) => value(i));
  if (quantization === undefined) {
    return dtype === 'int32' ? new Int32Array(buffer) : new Float32Array(buffer);
  }
  const { dtype: stored, scale = NaN, min = NaN } = quantization;
  const codes = stored === 'uint8' ? new Uint8Array(buffer) : new Uint16Array(buffer);
  return stored === 'float16'
    ? make((i) => float16(codes[i] ?? 0))
    : make((i) => (codes[i] ?? 0) * scale + min);
}
