/**
 * The workspace of the resize in fastpath/assembly/resize.ts, which holds all that it needs for a source image of any
 * allowed size. Where `rowBytes` is 3 * outWidth + 1 rounded up to 16, it is, in order:
 *
 * | part | bytes |
 * | --- | --- |
 * | state | 80 |
 * | source row, interleaved RGB; read in vectors of 16 bytes at multiples of 3 | 3 * 16384 + 16 |
 * | the last 3 horizontally resized rows, 8 bits | 3 * rowBytes |
 * | 3 output rows under way: header, and sums of 32 bits | 3 * (16 + 4 * rowBytes) |
 * | first source pixel and number of groups of weights, per output column | 4 * outWidth |
 * | groups of 4 horizontal weights, 3 bytes each | 12 * outWidth * those of the widest image's column |
 */

import { roundUp } from './format.ts';

/** Of source images, in pixels. */
export const MAX_SOURCE_WIDTH = 16384;
/** Of source images, in rows: the highest JPEG. The sums of a column then stay far below 2^31. */
export const MAX_SOURCE_HEIGHT = 65535;

const STATE_BYTES = 80;
const ROW_BUFFER_BYTES = 3 * MAX_SOURCE_WIDTH + 16;
const ROWS = 3;
const SUMS_HEADER_BYTES = 16;
const SPAN_BYTES = 4;
const GROUP = 4;
const GROUP_BYTES = 12;

/** Bytes of the workspace, for output rows of `outWidth` pixels. Its address is a multiple of 16. */
export function resizeWorkspaceBytes(outWidth: number): number {
  const rowBytes = roundUp(3 * outWidth + 1, 16);
  return (
    STATE_BYTES +
    ROW_BUFFER_BYTES +
    ROWS * rowBytes +
    ROWS * (SUMS_HEADER_BYTES + 4 * rowBytes) +
    SPAN_BYTES * outWidth +
    GROUP_BYTES * mostGroups(outWidth)
  );
}

/**
 * A triangle reaches max(inWidth / outWidth, 1) pixels to either side, so that it has at most one more than twice that
 * many weights, rounded down; the last group of a column is filled up. A resized image that is cut is wider than the
 * output, so that its triangles reach less far.
 */
function mostGroups(outWidth: number): number {
  const weights = Math.floor(2 * Math.max(MAX_SOURCE_WIDTH / outWidth, 1)) + 1;
  return outWidth * Math.ceil(weights / GROUP);
}
