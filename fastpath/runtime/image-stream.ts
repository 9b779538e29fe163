/** Images as the input tensor of a loaded Program, row by row: drives fastpath/assembly/resize.ts. */

import { MAX_SOURCE_HEIGHT, MAX_SOURCE_WIDTH } from '../program/resize-workspace.ts';

/** What the kernels' module exports for images. */
export interface ResizeKernels {
  resizeBegin(
    workspace: number,
    inWidth: number,
    inHeight: number,
    outWidth: number,
    outHeight: number,
    scaledWidth: number,
    scaledHeight: number,
    left: number,
    top: number,
    output: number,
    tables: number,
    elementBytes: number,
    bgr: number,
  ): number;
  resizeRow(workspace: number): void;
}

/** Where images go. Addresses are those of the wasm memory. */
export interface ImageTarget {
  /** Address of `resizeWorkspaceBytes(width)` bytes. */
  readonly workspace: number;
  /** Address of three tables of 256 elements, one per channel of the tensor. */
  readonly tables: number;
  /** Address of the input tensor: height x width x 3 elements, dense. */
  readonly output: number;
  readonly width: number;
  readonly height: number;
  readonly elementBytes: 1 | 2 | 4;
  readonly channels: 'rgb' | 'bgr';
  /** Where proportions are kept: the part of the covered extent that is kept. */
  readonly crop?: number;
}

/** Interleaved 8-bit RGB pixels, row by row from the top. */
export interface SourceImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Uint8ClampedArray;
}

/**
 * Writes images into an input tensor, one source row at a time: `begin`, then `writeRow` for each row, then the tensor
 * is complete. It is ready for the next image at any time.
 */
export class ImageStream {
  readonly #kernels: ResizeKernels;
  readonly #memory: WebAssembly.Memory;
  readonly #target: ImageTarget;
  #row = new Uint8Array(0);
  #height = 0;
  #rows = 0;

  constructor(kernels: ResizeKernels, memory: WebAssembly.Memory, target: ImageTarget) {
    this.#kernels = kernels;
    this.#memory = memory;
    this.#target = target;
  }

  /** Whether all rows of an image have been written. */
  get complete(): boolean {
    return this.#height > 0 && this.#rows === this.#height;
  }

  /**
   * Begins an image of `width` x `height` pixels. One that was under way is dropped.
   *
   * @throws {RangeError} for a size that is not an integer in [1, 16384] and [1, 65535], or so narrow that it has no
   *   31 bits once it covers the input
   */
  begin(width: number, height: number): void {
    checkExtent('width', width, MAX_SOURCE_WIDTH);
    checkExtent('height', height, MAX_SOURCE_HEIGHT);
    const target = this.#target;
    const { columns, rows } = placesOf(target, width, height);
    checkExtent('width once it covers the input', columns.of, MAX_SCALED);
    checkExtent('height once it covers the input', rows.of, MAX_SCALED);
    const address = this.#kernels.resizeBegin(
      target.workspace,
      width,
      height,
      target.width,
      target.height,
      columns.of,
      rows.of,
      columns.first,
      rows.first,
      target.output,
      target.tables,
      target.elementBytes,
      target.channels === 'bgr' ? 1 : 0,
    );
    this.#row = new Uint8Array(this.#memory.buffer, address, 3 * width);
    this.#height = height;
    this.#rows = 0;
  }

  /** Drops an image that is under way: a run uses the memory it is worked on in. */
  drop(): void {
    this.#row = new Uint8Array(0);
    this.#height = 0;
    this.#rows = 0;
  }

  /**
   * Writes the next row: interleaved RGB, 3 * width bytes.
   *
   * @throws {RangeError} for another number of bytes, or a row after the last
   */
  writeRow(row: Uint8Array | Uint8ClampedArray): void {
    if (this.#rows === this.#height) {
      throw new RangeError(
        `Expected ${String(this.#height)} rows but found ${String(this.#rows + 1)}`,
      );
    }
    checkBytes(row.length, this.#row.length);
    this.#row.set(row);
    this.#kernels.resizeRow(this.#target.workspace);
    this.#rows++;
  }

  /**
   * Writes a whole image.
   *
   * @throws {RangeError} for a size that `begin` refuses, or data that does not fit it
   */
  write({ width, height, data }: SourceImage): void {
    this.begin(width, height);
    checkBytes(data.length, 3 * width * height);
    for (let at = 0; at < data.length; at += 3 * width) {
      this.writeRow(data.subarray(at, at + 3 * width));
    }
  }
}

const MAX_SCALED = 2 ** 31 - 1;

/** The extent of the whole resized image along an axis, and the first of its positions that is kept. */
interface Place {
  readonly of: number;
  readonly first: number;
}

/** Rules X2 (the whole image) and X5 (proportions kept, the centre cut out) of reference/SEMANTICS.md. */
function placesOf(
  target: ImageTarget,
  width: number,
  height: number,
): { readonly columns: Place; readonly rows: Place } {
  if (target.crop === undefined) {
    return { columns: { of: target.width, first: 0 }, rows: { of: target.height, first: 0 } };
  }
  const wide = Math.floor(target.width / target.crop);
  const high = Math.floor(target.height / target.crop);
  const wider = width * high >= height * wide;
  const columns = wider ? Math.floor((width * high) / height) : wide;
  const rows = wider ? high : Math.floor((height * wide) / width);
  return {
    columns: { of: columns, first: halfToEven(columns - target.width) },
    rows: { of: rows, first: halfToEven(rows - target.height) },
  };
}

/** Half of an integer, a half rounded to even. */
function halfToEven(twice: number): number {
  const down = Math.floor(twice / 2);
  return down + (twice % 2 === 0 ? 0 : down % 2);
}

function checkExtent(name: string, value: number, max: number): void {
  if (!Number.isInteger(value) || value < 1 || value > max) {
    throw new RangeError(
      `Expected image ${name} to be an integer in [1, ${String(max)}] but found ${String(value)}`,
    );
  }
}

function checkBytes(found: number, wanted: number): void {
  if (found !== wanted) {
    throw new RangeError(`Expected ${String(wanted)} bytes of RGB but found ${String(found)}`);
  }
}
