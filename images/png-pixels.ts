/**
 * Pixels of a PNG from its inflated data, row by row as that comes (W3C PNG specification, third edition: 7.2 scanlines,
 * 8 interlacing, 9 filtering, 12.4 and 12.5 sample depths). Samples of 16 bits are cut to their upper 8.
 */

import { ImageError } from './container.ts';

export interface PngHeader {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly colorType: number;
  readonly interlaced: boolean;
}

export interface PngColors {
  /** Three bytes an entry; empty where there is none. */
  readonly palette: Uint8Array;
  /** The tRNS chunk: alpha by palette entry, or the one sample or colour that is transparent. */
  readonly transparency: Uint8Array | undefined;
}

const GREY = 0;
const RGB = 2;
const PALETTE = 3;
const GREY_ALPHA = 4;
const RGB_ALPHA = 6;

const kinds: Readonly<Record<number, { channels: number; depths: readonly number[] }>> = {
  [GREY]: { channels: 1, depths: [1, 2, 4, 8, 16] },
  [RGB]: { channels: 3, depths: [8, 16] },
  [PALETTE]: { channels: 1, depths: [1, 2, 4, 8] },
  [GREY_ALPHA]: { channels: 2, depths: [8, 16] },
  [RGB_ALPHA]: { channels: 4, depths: [8, 16] },
};

/** Samples a pixel. @throws {ImageError} for a kind of image that PNG has not */
export function channelsOf({ colorType, depth }: PngHeader): number {
  const kind = kinds[colorType];
  if (kind?.depths.includes(depth) !== true) {
    throw new ImageError(
      `Expected a PNG of a known colour type and depth but found ${String(colorType)} and ${String(depth)}`,
    );
  }
  return kind.channels;
}

/** First column and row, and their distances, of a pass: one, or the seven of an interlaced image. */
type Pass = readonly [x: number, y: number, dx: number, dy: number];

const PLAIN: readonly Pass[] = [[0, 0, 1, 1]];
const ADAM7: readonly Pass[] = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
];

export class PngPixels {
  /** Interleaved RGB, composited on white. */
  readonly rgb: Uint8Array;
  readonly #header: PngHeader;
  readonly #colors: PngColors;
  readonly #channels: number;
  readonly #bitsPerPixel: number;
  readonly #table: Uint8Array | undefined;
  readonly #passes: readonly Pass[];
  #pass = 0;
  /** Row of the pass that is under way, and how many bytes of it, filter byte included, are there. */
  #row = 0;
  #filled = 0;
  #filter = 0;
  #current = new Uint8Array(0);
  #above = new Uint8Array(0);

  constructor(header: PngHeader, colors: PngColors) {
    const { width, height } = header;
    this.#header = header;
    this.#colors = colors;
    this.#channels = channelsOf(header);
    this.#bitsPerPixel = this.#channels * header.depth;
    this.#table = tableOf(header, colors);
    const passes = header.interlaced ? ADAM7 : PLAIN;
    this.#passes = passes.filter(([x, y]) => x < width && y < height);
    if (header.colorType === PALETTE && colors.palette.length === 0) {
      throw new ImageError('Expected a PNG with a palette but found none');
    }
    this.rgb = new Uint8Array(width * height * 3);
    this.#begin();
  }

  /** Bytes of all rows, filter bytes included. */
  get bytes(): number {
    return this.#passes.reduce(
      (sum, pass) => sum + this.#rowsOf(pass) * (1 + this.#rowBytes(pass)),
      0,
    );
  }

  get complete(): boolean {
    return this.#pass === this.#passes.length;
  }

  /** Takes the next bytes; those after the last row are not looked at. @throws {ImageError} for an unknown filter */
  push(part: Uint8Array): void {
    let at = 0;
    while (at < part.length && !this.complete) {
      if (this.#filled === 0) {
        this.#filter = part[at] ?? 0;
        if (this.#filter > 4) {
          throw new ImageError(`Expected a PNG filter in [0, 4] but found ${String(this.#filter)}`);
        }
        this.#filled = 1;
        at += 1;
      }
      const count = Math.min(part.length - at, this.#current.length + 1 - this.#filled);
      this.#current.set(part.subarray(at, at + count), this.#filled - 1);
      this.#filled += count;
      at += count;
      if (this.#filled === this.#current.length + 1) this.#endRow();
    }
  }

  #rowsOf([, y, , dy]: Pass): number {
    return Math.ceil((this.#header.height - y) / dy);
  }

  #columnsOf([x, , dx]: Pass): number {
    return Math.ceil((this.#header.width - x) / dx);
  }

  #rowBytes(pass: Pass): number {
    return Math.ceil((this.#columnsOf(pass) * this.#bitsPerPixel) / 8);
  }

  #begin(): void {
    const pass = this.#passes[this.#pass];
    const length = pass === undefined ? 0 : this.#rowBytes(pass);
    this.#row = 0;
    this.#current = new Uint8Array(length);
    this.#above = new Uint8Array(length);
  }

  #endRow(): void {
    const pass = this.#passes[this.#pass];
    if (pass === undefined) return;
    const distance = Math.max(1, this.#bitsPerPixel >> 3);
    unfilter(this.#filter, this.#current, this.#above, distance);
    this.#write(pass);
    [this.#current, this.#above] = [this.#above, this.#current];
    this.#filled = 0;
    this.#row += 1;
    if (this.#row < this.#rowsOf(pass)) return;
    this.#pass += 1;
    this.#begin();
  }

  /** The finished row as pixels of the image. */
  #write(pass: Pass): void {
    const [x, y, dx, dy] = pass;
    const { width, depth, colorType } = this.#header;
    const step = 3 * dx;
    const to = 3 * ((y + this.#row * dy) * width + x);
    const columns = this.#columnsOf(pass);
    if (this.#table !== undefined) this.#writeFrom(this.#table, columns, to, step);
    else if (depth === 8 && colorType === RGB_ALPHA) this.#writeRgba(columns, to, step);
    else if (depth === 8 && colorType === RGB && this.#colors.transparency === undefined) {
      this.#writeRgb(columns, to, step);
    } else {
      for (let column = 0; column < columns; column++) this.#writeAny(column, to + column * step);
    }
  }

  #writeRgb(columns: number, start: number, step: number): void {
    const row = this.#current;
    const { rgb } = this;
    for (let from = 0, to = start; from < 3 * columns; from += 3, to += step) {
      rgb[to] = row[from] ?? 0;
      rgb[to + 1] = row[from + 1] ?? 0;
      rgb[to + 2] = row[from + 2] ?? 0;
    }
  }

  #writeRgba(columns: number, start: number, step: number): void {
    const row = this.#current;
    const { rgb } = this;
    for (let from = 0, to = start; from < 4 * columns; from += 4, to += step) {
      const alpha = row[from + 3] ?? 0;
      rgb[to] = onWhite(row[from] ?? 0, alpha);
      rgb[to + 1] = onWhite(row[from + 1] ?? 0, alpha);
      rgb[to + 2] = onWhite(row[from + 2] ?? 0, alpha);
    }
  }

  /** Single samples of up to 8 bits, by what each stands for. */
  #writeFrom(table: Uint8Array, columns: number, start: number, step: number): void {
    const { depth } = this.#header;
    for (let column = 0, to = start; column < columns; column++, to += step) {
      const from = 3 * sampleAt(this.#current, column, depth);
      this.rgb[to] = table[from] ?? 0;
      this.rgb[to + 1] = table[from + 1] ?? 0;
      this.rgb[to + 2] = table[from + 2] ?? 0;
    }
  }

  /** Samples of 16 bits, grey with alpha, and colours of which one is transparent. */
  #writeAny(column: number, to: number): void {
    const { depth, colorType } = this.#header;
    const channels = this.#channels;
    const first = column * channels;
    const grey = channels <= 2;
    let alpha = 255;
    if (colorType === GREY_ALPHA || colorType === RGB_ALPHA) {
      alpha = to8Bits(sampleAt(this.#current, first + channels - 1, depth), depth);
    } else if (this.#isTransparent(first)) alpha = 0;
    for (let c = 0; c < 3; c++) {
      const sample = sampleAt(this.#current, first + (grey ? 0 : c), depth);
      this.rgb[to + c] = onWhite(to8Bits(sample, depth), alpha);
    }
  }

  #isTransparent(first: number): boolean {
    const { transparency } = this.#colors;
    if (transparency === undefined) return false;
    for (let c = 0; c < this.#channels; c++) {
      const { depth } = this.#header;
      const key = keyAt(transparency, c, depth);
      if (sampleAt(this.#current, first + c, depth) !== key) return false;
    }
    return true;
  }
}

/** RGB of each sample of grey up to 8 bits or of a palette, composited on white; undefined for other kinds. */
function tableOf(
  { depth, colorType }: PngHeader,
  { palette, transparency }: PngColors,
): Uint8Array | undefined {
  if (depth > 8 || (colorType !== GREY && colorType !== PALETTE)) return undefined;
  const table = new Uint8Array(3 << depth);
  const transparent = transparency === undefined ? -1 : keyAt(transparency, 0, depth);
  for (let sample = 0; sample < 1 << depth; sample++) {
    for (let c = 0; c < 3; c++) {
      // An index beyond the palette is black, as libraries have it.
      table[3 * sample + c] =
        colorType === PALETTE
          ? onWhite(palette[3 * sample + c] ?? 0, transparency?.[sample] ?? 255)
          : onWhite(to8Bits(sample, depth), sample === transparent ? 0 : 255);
    }
  }
  return table;
}

/** A sample composited on white, rounded to the nearest. */
export function onWhite(sample: number, alpha: number): number {
  return Math.floor((sample * alpha + 255 * (255 - alpha) + 127) / 255);
}

function sampleAt(row: Uint8Array, index: number, depth: number): number {
  if (depth === 8) return row[index] ?? 0;
  if (depth === 16) return (row[2 * index] ?? 0) * 256 + (row[2 * index + 1] ?? 0);
  const bit = index * depth;
  return ((row[bit >> 3] ?? 0) >> (8 - depth - (bit & 7))) & ((1 << depth) - 1);
}

/** A sample of a tRNS chunk: 16 bits, of which the lower 8 count unless samples have as many. */
function keyAt(transparency: Uint8Array, index: number, depth: number): number {
  return sampleAt(transparency, index, 16) & (depth === 16 ? 0xffff : 0xff);
}

function to8Bits(sample: number, depth: number): number {
  if (depth === 16) return sample >> 8;
  return depth === 8 ? sample : (sample * 255) / ((1 << depth) - 1);
}

/** In place; `above` is the row before, zero before the first of a pass, and `distance` the bytes to the pixel to the left. */
function unfilter(filter: number, row: Uint8Array, above: Uint8Array, distance: number): void {
  switch (filter) {
    case 1:
      for (let i = distance; i < row.length; i++) row[i] = (row[i] ?? 0) + (row[i - distance] ?? 0);
      return;
    case 2:
      for (let i = 0; i < row.length; i++) row[i] = (row[i] ?? 0) + (above[i] ?? 0);
      return;
    case 3:
      for (let i = 0; i < row.length; i++) {
        const left = i < distance ? 0 : (row[i - distance] ?? 0);
        row[i] = (row[i] ?? 0) + ((left + (above[i] ?? 0)) >> 1);
      }
      return;
    case 4:
      for (let i = 0; i < row.length; i++) {
        const left = i < distance ? 0 : (row[i - distance] ?? 0);
        const corner = i < distance ? 0 : (above[i - distance] ?? 0);
        row[i] = (row[i] ?? 0) + paeth(left, above[i] ?? 0, corner);
      }
      return;
    default:
  }
}

/** Of the three neighbours the one nearest to left + above - corner. */
function paeth(left: number, above: number, corner: number): number {
  const estimate = left + above - corner;
  const a = Math.abs(estimate - left);
  const b = Math.abs(estimate - above);
  const c = Math.abs(estimate - corner);
  if (a <= b && a <= c) return left;
  return b <= c ? above : corner;
}
