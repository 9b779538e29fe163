/** Images at a model's size, in pixels: by the resize of the kernels, as a model's input tensor is made. */

import { instantiate } from '@assemblyscript/loader';
import { resizeWorkspaceBytes } from '../../fastpath/program/resize-workspace.ts';
import type { Kernels } from '../../fastpath/runtime/index.ts';
import { ImageStream, type ResizeKernels } from '../../fastpath/runtime/image-stream.ts';
import type { RgbImage } from '../../images/decode.ts';

interface Exports extends ResizeKernels, Record<string, unknown> {
  readonly memory: WebAssembly.Memory;
  readonly dataEnd: () => number;
}

const PAGE_BYTES = 65536;
const TABLE = Uint8Array.from({ length: 256 }, (_, value) => value);

/** @throws {RangeError} for an image that is larger than the resize takes */
export async function shrink(
  image: RgbImage,
  width: number,
  height: number,
  kernels: Kernels,
): Promise<RgbImage> {
  const { exports } = await instantiate<Exports>(kernels);
  const { memory } = exports;
  const workspace = Math.ceil(exports.dataEnd() / 16) * 16;
  const tables = Math.ceil((workspace + resizeWorkspaceBytes(width)) / 16) * 16;
  const output = tables + 3 * TABLE.length;
  const bytes = 3 * width * height;
  const pages = Math.ceil((output + bytes) / PAGE_BYTES) - memory.buffer.byteLength / PAGE_BYTES;
  if (pages > 0) memory.grow(pages);
  for (let channel = 0; channel < 3; channel++) {
    new Uint8Array(memory.buffer).set(TABLE, tables + channel * TABLE.length);
  }
  const stream = new ImageStream(exports, memory, {
    workspace,
    tables,
    output,
    width,
    height,
    elementBytes: 1,
    channels: 'rgb',
  });
  stream.write(image);
  return { width, height, data: new Uint8Array(memory.buffer, output, bytes).slice() };
}
