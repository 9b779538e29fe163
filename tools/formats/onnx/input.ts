/** The input of an ONNX classifier: one image, channels first. */

import { FileError } from '../../errors.ts';
import type { OnnxTensor } from './tensor.ts';
import type { OnnxModel, OnnxValue } from './wire.ts';

/**
 * The one input that is no constant.
 *
 * @throws {FileError} where there are none or several
 */
export function openInput(
  file: string,
  inputs: OnnxModel['inputs'],
  constants: ReadonlyMap<string, OnnxTensor>,
): OnnxValue {
  const open = inputs.filter(({ name }) => !constants.has(name));
  const [input] = open;
  if (input === undefined || open.length > 1) {
    throw new FileError(file, `Expected one input but found ${String(open.length)}`);
  }
  return input;
}

/** Height and width of an input that is one RGB image, [1, 3, height, width]; undefined for any other. */
export function imageExtent({ shape }: OnnxValue): readonly [number, number] | undefined {
  const [batch, channels, height, width] = shape;
  if (shape.length !== 4 || channels !== 3) return undefined;
  if (batch !== 1 && typeof batch !== 'string') return undefined;
  if (typeof height !== 'number' || typeof width !== 'number') return undefined;
  return height > 0 && width > 0 ? [height, width] : undefined;
}
