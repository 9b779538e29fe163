/**
 * An image as the input tensor, row by row: rules X2 to X5 of reference/SEMANTICS.md.
 *
 * The host writes one source row at a time. It is resized horizontally to a row of 8-bit pixels, which is added to the
 * sums of the output rows in whose window it lies; a finished output row goes through the tables into the tensor. Of a
 * resized image that is cut, only the part that is kept is computed. All
 * state is in one workspace: fastpath/program/resize-workspace.ts gives its layout and size.
 *
 * Weights come from the float64 operations of reference/preprocess/resize.ts in the same order, so that they round
 * alike; sums of integers are exact in any order. A pass that keeps its size needs no exception: its weights are 2^22
 * and 0. SIMD makes the whole 1.6 times as fast (measured, 8000x6000 to 224x224).
 *
 * Source: Pillow src/libImaging/Resample.c.
 */

const PRECISION_BITS: i32 = 22;

/** The layout's constants: as in fastpath/program/resize-workspace.ts. */
const STATE_BYTES: usize = 80;
const ROW_BUFFER_BYTES: usize = 3 * 16384 + 16;
const SPAN_BYTES: usize = 4;
const SUMS_HEADER_BYTES: usize = 16;
const GROUP: i32 = 4;
const GROUP_BYTES: usize = 12;

/** Rows of pixels kept, and output rows under way: as many as the windows of neighbouring output rows can ask for. */
const RING: i32 = 3;

/** What a workspace begins with. */
@unmanaged
class Workspace {
  inHeight: i32;
  outHeight: i32;
  inWidth: i32;
  outWidth: i32;
  /** Of the whole resized image, and where in it the output begins. */
  scaledHeight: i32;
  scaledWidth: i32;
  top: i32;
  left: i32;
  tables: usize;
  elementBytes: i32;
  bgr: i32;
  /** Where the next output row goes. */
  output: usize;
  /** Source rows resized and output rows written. */
  rowsIn: i32;
  rowsOut: i32;
  /** Bytes of a horizontally resized row, a multiple of 16, with room to write a pixel as 4 bytes. */
  rowBytes: usize;
  /** Addresses of the workspace's parts. */
  rowBuffer: usize;
  spans: usize;
  rows: usize;
  sums: usize;
  groups: usize;
}

/** The source pixels of an output column: `groups` times 4 from `first`. */
@unmanaged
class Span {
  first: u16;
  groups: u16;
}

/** An output row under way; its sums, int32, follow the header. */
@unmanaged
class OutputRow {
  /** Of the real weights: what they are divided by. */
  total: f64;
}

/**
 * Begins an image.
 *
 * @param workspace `resizeWorkspaceBytes(outWidth)` bytes at a multiple of 16
 * @param inWidth in [1, 16384]
 * @param inHeight in [1, 65535]
 * @param outWidth at least 1
 * @param outHeight at least 1
 * @param scaledWidth of the whole resized image: at least left + outWidth
 * @param scaledHeight at least top + outHeight
 * @param left the first column that is kept, at least 0
 * @param top the first row that is kept, at least 0
 * @param output the input tensor: outHeight x outWidth x 3 elements, dense
 * @param tables the element of each pixel value 0..255, for the tensor's channels 0, 1 and 2: 3 x 256 elements
 * @param elementBytes 1, 2 or 4
 * @param bgr 1 if the tensor's channels are blue, green, red; else 0
 * @returns the address where `resizeRow` finds 3 * inWidth bytes: a source row, interleaved RGB
 */
export function resizeBegin(
  workspace: Workspace,
  inWidth: i32,
  inHeight: i32,
  outWidth: i32,
  outHeight: i32,
  scaledWidth: i32,
  scaledHeight: i32,
  left: i32,
  top: i32,
  output: usize,
  tables: usize,
  elementBytes: i32,
  bgr: i32,
): usize {
  workspace.inWidth = inWidth;
  workspace.inHeight = inHeight;
  workspace.outWidth = outWidth;
  workspace.outHeight = outHeight;
  workspace.scaledWidth = scaledWidth;
  workspace.scaledHeight = scaledHeight;
  workspace.left = left;
  workspace.top = top;
  workspace.output = output;
  workspace.tables = tables;
  workspace.elementBytes = elementBytes;
  workspace.bgr = bgr;
  workspace.rowsIn = 0;
  workspace.rowsOut = 0;
  layOut(workspace);
  packWeights(workspace);
  return workspace.rowBuffer;
}

/** Takes the next source row, inHeight times in all. Writes the output rows that it completes. */
export function resizeRow(workspace: Workspace): void {
  const row = workspace.rows + <usize>(workspace.rowsIn % RING) * workspace.rowBytes;
  resizeHorizontally(workspace, row);
  const shrinks = workspace.inHeight > workspace.scaledHeight;
  if (shrinks) addToOutputRows(workspace, row);
  workspace.rowsIn++;
  while (nextIsComplete(workspace)) {
    const next = outputRow(workspace, workspace.rowsOut);
    if (!shrinks) sumKeptRows(workspace, next);
    write(workspace, next);
    workspace.rowsOut++;
  }
}

function layOut(w: Workspace): void {
  w.rowBytes = (3 * <usize>w.outWidth + 1 + 15) & ~15;
  w.rowBuffer = changetype<usize>(w) + STATE_BYTES;
  w.rows = w.rowBuffer + ROW_BUFFER_BYTES;
  w.sums = w.rows + <usize>RING * w.rowBytes;
  w.spans = w.sums + <usize>RING * (SUMS_HEADER_BYTES + 4 * w.rowBytes);
  w.groups = w.spans + <usize>w.outWidth * SPAN_BYTES;
}

// The triangle filter of position `o` of the resized image along one axis, where `scale` is the input's extent by that
// image's.

@inline
function centreOf(o: i32, scale: f64): f64 {
  return (<f64>o + 0.5) * scale;
}

@inline
function beginOf(o: i32, scale: f64): i32 {
  return max(0, <i32>(centreOf(o, scale) - max(scale, 1) + 0.5));
}

@inline
function endOf(o: i32, scale: f64, inExtent: i32): i32 {
  return min(inExtent, <i32>(centreOf(o, scale) + max(scale, 1) + 0.5));
}

@inline
function triangle(i: i32, o: i32, scale: f64): f64 {
  const distance = abs((<f64>i - centreOf(o, scale) + 0.5) * (1 / max(scale, 1)));
  return distance < 1 ? 1 - distance : 0;
}

/** Greater than 0: the pixel at the centre is within half a pixel of it. */
function totalOf(o: i32, scale: f64, inExtent: i32): f64 {
  const end = endOf(o, scale, inExtent);
  let total: f64 = 0;
  for (let i = beginOf(o, scale); i < end; i++) total += triangle(i, o, scale);
  return total;
}

/** The weight of input position `i`, in [0, 2^22]. */
@inline
function weightOf(i: i32, o: i32, scale: f64, total: f64): i32 {
  return <i32>(0.5 + (triangle(i, o, scale) / total) * <f64>(1 << PRECISION_BITS));
}

@inline
function horizontalScale(w: Workspace): f64 {
  return <f64>w.inWidth / <f64>w.scaledWidth;
}

@inline
function verticalScale(w: Workspace): f64 {
  return <f64>w.inHeight / <f64>w.scaledHeight;
}

/**
 * Stores the horizontal weights in groups of four: their upper 14 (15 for 2^22) bits as four u16, then their lower 8
 * bits as four u8. A column's last group is filled up with zeros.
 */
function packWeights(w: Workspace): void {
  const scale = horizontalScale(w);
  let group = w.groups;
  for (let ox: i32 = 0; ox < w.outWidth; ox++) {
    const o = w.left + ox;
    const begin = beginOf(o, scale);
    const end = endOf(o, scale, w.inWidth);
    const total = totalOf(o, scale, w.inWidth);
    const span = spanOf(w, ox);
    span.first = <u16>begin;
    span.groups = <u16>((end - begin + GROUP - 1) / GROUP);
    for (let x = begin; x < end; x += GROUP) {
      for (let i: i32 = 0; i < GROUP; i++) {
        const weight = x + i < end ? weightOf(x + i, o, scale, total) : 0;
        store<u16>(group + 2 * i, <u16>(weight >> 8));
        store<u8>(group + 2 * GROUP + i, <u8>weight);
      }
      group += GROUP_BYTES;
    }
  }
}

@inline
function spanOf(w: Workspace, ox: i32): Span {
  return changetype<Span>(w.spans + <usize>ox * SPAN_BYTES);
}

/**
 * Resizes the row buffer to outWidth 8-bit pixels at `to`, a channel in each lane. Products of pixels and weights are
 * summed apart for the upper and the lower bits of the weights, two pixels an instruction.
 */
function resizeHorizontally(w: Workspace, to: usize): void {
  // Of four pixels, the first two and the last two as R R G G B B 0 0 in 16 bits each.
  const firstTwo = i8x16(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1);
  const lastTwo = i8x16(6, -1, 9, -1, 7, -1, 10, -1, 8, -1, 11, -1, -1, -1, -1, -1);
  // Of a group of weights, the lower bits of the first two and of the last two, in 16 bits each.
  const firstLow = i8x16(0, -1, 1, -1, 0, -1, 1, -1, 0, -1, 1, -1, -1, -1, -1, -1);
  const lastLow = i8x16(2, -1, 3, -1, 2, -1, 3, -1, 2, -1, 3, -1, -1, -1, -1, -1);
  const half = i32x4.splat(1 << (PRECISION_BITS - 1));
  let group = w.groups;
  for (let ox: i32 = 0; ox < w.outWidth; ox++) {
    const span = spanOf(w, ox);
    let pixels = w.rowBuffer + 3 * <usize>span.first;
    let upper = i32x4.splat(0);
    let lower = half;
    for (const end = group + <usize>span.groups * GROUP_BYTES; group < end; group += GROUP_BYTES) {
      const four = v128.load(pixels);
      const first = i8x16.swizzle(four, firstTwo);
      const last = i8x16.swizzle(four, lastTwo);
      const low = v128.load32_zero(group, 2 * GROUP);
      upper = i32x4.add(upper, i32x4.dot_i16x8_s(first, v128.load32_splat(group)));
      lower = i32x4.add(lower, i32x4.dot_i16x8_s(first, i8x16.swizzle(low, firstLow)));
      upper = i32x4.add(upper, i32x4.dot_i16x8_s(last, v128.load32_splat(group, 4)));
      lower = i32x4.add(lower, i32x4.dot_i16x8_s(last, i8x16.swizzle(low, lastLow)));
      pixels += 3 * GROUP;
    }
    const sum = i32x4.shr_s(i32x4.add(i32x4.shl(upper, 8), lower), PRECISION_BITS);
    const narrow = i16x8.narrow_i32x4_s(sum, sum);
    v128.store32_lane(to, i8x16.narrow_i16x8_u(narrow, narrow), 0);
    to += 3;
  }
}

@inline
function outputRow(w: Workspace, oy: i32): OutputRow {
  return changetype<OutputRow>(w.sums + <usize>(oy % RING) * (SUMS_HEADER_BYTES + 4 * w.rowBytes));
}

@inline
function sumsOf(row: OutputRow): usize {
  return changetype<usize>(row) + SUMS_HEADER_BYTES;
}

/** When shrinking: adds the newest row to each output row in whose window it lies. */
function addToOutputRows(w: Workspace, row: usize): void {
  const y = w.rowsIn;
  const scale = verticalScale(w);
  for (let oy = w.rowsOut; oy < w.outHeight; oy++) {
    const begin = beginOf(w.top + oy, scale);
    if (begin > y) break;
    const output = outputRow(w, oy);
    if (begin == y) open(w, output, oy);
    addRow(row, weightOf(y, w.top + oy, scale, output.total), sumsOf(output), w.rowBytes);
  }
}

/** When enlarging: sums the kept rows in the window of the next output row, of which the newest is the last. */
function sumKeptRows(w: Workspace, output: OutputRow): void {
  const oy = w.rowsOut;
  const scale = verticalScale(w);
  open(w, output, oy);
  for (let y = beginOf(w.top + oy, scale); y < w.rowsIn; y++) {
    const row = w.rows + <usize>(y % RING) * w.rowBytes;
    addRow(row, weightOf(y, w.top + oy, scale, output.total), sumsOf(output), w.rowBytes);
  }
}

function nextIsComplete(w: Workspace): bool {
  const next = w.top + w.rowsOut;
  return w.rowsOut < w.outHeight && endOf(next, verticalScale(w), w.inHeight) <= w.rowsIn;
}

/** Makes the sums one half, so that they need no more rounding. */
function open(w: Workspace, output: OutputRow, oy: i32): void {
  output.total = totalOf(w.top + oy, verticalScale(w), w.inHeight);
  const half = i32x4.splat(1 << (PRECISION_BITS - 1));
  const end = sumsOf(output) + 4 * w.rowBytes;
  for (let at = sumsOf(output); at < end; at += 16) v128.store(at, half);
}

/** The sums stay below 2^31: the weights of a window add up to 2^22, give or take half a unit each. */
function addRow(row: usize, weight: i32, sums: usize, bytes: usize): void {
  const factor = i32x4.splat(weight);
  for (const end = row + bytes; row < end; row += 8) {
    const pixels = v128.load8x8_u(row);
    const low = i32x4.mul(i32x4.extend_low_i16x8_u(pixels), factor);
    const high = i32x4.mul(i32x4.extend_high_i16x8_u(pixels), factor);
    v128.store(sums, i32x4.add(v128.load(sums), low));
    v128.store(sums, i32x4.add(v128.load(sums, 16), high), 16);
    sums += 32;
  }
}

/** Writes the next row of the tensor. */
function write(w: Workspace, row: OutputRow): void {
  if (w.elementBytes == 1) writeElements<u8>(w, sumsOf(row));
  else if (w.elementBytes == 2) writeElements<u16>(w, sumsOf(row));
  else writeElements<u32>(w, sumsOf(row));
}

function writeElements<T>(w: Workspace, sums: usize): void {
  const red: usize = w.bgr ? 8 : 0;
  const blue: usize = 8 - red;
  const second = w.tables + 256 * sizeof<T>();
  const third = second + 256 * sizeof<T>();
  let output = w.output;
  for (let ox: i32 = 0; ox < w.outWidth; ox++) {
    store<T>(output, element<T>(w.tables, sums + red));
    store<T>(output, element<T>(second, sums + 4), sizeof<T>());
    store<T>(output, element<T>(third, sums + blue), 2 * sizeof<T>());
    output += 3 * sizeof<T>();
    sums += 12;
  }
  w.output = output;
}

/** What the table has for the pixel value of a sum, which is not negative; rounded weights may take it above 255. */
@inline
function element<T>(table: usize, sum: usize): T {
  const pixel = min(load<u32>(sum) >> PRECISION_BITS, 255);
  return load<T>(table + <usize>pixel * sizeof<T>());
}
