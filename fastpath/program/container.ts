/**
 * A container: a Program whose int8 weights, scales and biases are entropy coded.
 *
 * Little-endian: a header of int32 words, then one stream of 16-bit words (fastpath/container/symbols.ts) that holds, in this order,
 *
 * 1. bytes (bytes.ts): mantissas of the grid of scales, a record for each layer, and all of the Program's image that
 *    nothing below gives: its header, constants without weights, gaps and description;
 * 2. the table of steps (steps.ts);
 * 3. for each layer, which is a step with int8 weights, panel by panel of 8 channels, its codes (weights.ts) and its
 *    factors and biases (parameters.ts).
 *
 * A file may go on behind a container: its header says how long it is.
 */

import { MAX_MEMORY_BYTES, readWords, STEP_BYTES, writeWords } from './format.ts';

/** "PLMC". */
export const CONTAINER_MAGIC = 0x434d4c50;
export const CONTAINER_VERSION = 2;

export const containerFields = [
  'magic',
  'version',
  /** Of the whole container, header included. */
  'bytes',
  /** Of the Program that it gives. */
  'imageBytes',
  /** XXH32 of the Program. */
  'digest',
  /** How many bytes part 1 gives, with as many mantissas and layers. */
  'plainBytes',
  'mantissas',
  'layers',
  'stepCount',
  /** Exponent of two of the grid's first octave. */
  'gridExponent',
  /** What decoding takes besides, in bytes. */
  'workspaceBytes',
  /** How far behind the image's beginning the container may lie at least: what it overlaps is read before written. */
  'leastOffset',
] as const;

export type ContainerHeader = Readonly<Record<(typeof containerFields)[number], number>>;

export const CONTAINER_HEADER_BYTES = containerFields.length * 4;

/** Where a Program's table of steps begins: right behind its header. */
export const STEPS_OFFSET = 32;

/** An image has at most so many times the bytes of its container, so that a short file cannot ask for much memory. */
export const MAX_RATIO = 256;

/** A container that gives no Program. */
export class ContainerError extends Error {
  override readonly name = 'ContainerError';
}

/** @throws {ContainerError} where it is damaged */
export function refuseDamaged(): never {
  throw new ContainerError('Expected an intact container but found a damaged one');
}

/**
 * The header of a container, whose sizes fit each other and the bytes that are there: nothing larger may be taken for it.
 *
 * @throws {ContainerError} for bytes that begin with no such header
 */
export function readHeader(container: Uint8Array): ContainerHeader {
  if (container.length < CONTAINER_HEADER_BYTES) {
    throw new ContainerError(
      `Expected at least ${String(CONTAINER_HEADER_BYTES)} bytes but found ${String(container.length)}`,
    );
  }
  const view = new DataView(container.buffer, container.byteOffset, container.byteLength);
  const header = readWords(view, 0, containerFields);
  if (header.magic !== CONTAINER_MAGIC) {
    throw new ContainerError(
      `Expected a container, which begins with "PLMC", but found 0x${(header.magic >>> 0).toString(16)}`,
    );
  }
  if (header.version !== CONTAINER_VERSION) {
    throw new ContainerError(
      `Expected version ${String(CONTAINER_VERSION)} but found ${String(header.version)}`,
    );
  }
  if (!isPossible(header, container.length)) refuseDamaged();
  return header;
}

/** Writes a header at the beginning of `container`. */
export function writeHeader(container: Uint8Array, header: ContainerHeader): void {
  writeWords(new DataView(container.buffer, container.byteOffset), 0, containerFields, header);
}

/** Of a layer's record. */
export const LAYER_RECORD_BYTES = 14;
/** The most numbers of a grid of scales, so that differences from a running mean fit a byte. */
export const GRID = 128;

/** Whether a header of `available` bytes may be that of a container: whether its sizes fit each other. */
function isPossible(header: ContainerHeader, available: number): boolean {
  const { bytes, imageBytes, plainBytes, mantissas, layers, stepCount, gridExponent } = header;
  const { workspaceBytes, leastOffset } = header;
  const lead = 4 * mantissas + LAYER_RECORD_BYTES * layers;
  const within = (value: number, least: number, most: number): boolean =>
    value >= least && value <= most;
  return (
    within(bytes, CONTAINER_HEADER_BYTES + LEAST_STREAM, available) &&
    within(imageBytes, STEPS_OFFSET, Math.min(bytes * MAX_RATIO, MAX_MEMORY_BYTES)) &&
    imageBytes % 16 === 0 &&
    within(stepCount, 0, Math.floor((imageBytes - STEPS_OFFSET) / STEP_BYTES)) &&
    within(layers, 0, stepCount) &&
    within(mantissas, 0, GRID) &&
    within(gridExponent, -126, 127) &&
    within(plainBytes, lead + STEPS_OFFSET, lead + imageBytes) &&
    within(workspaceBytes, 0, MOST_FIXED_BYTES + plainBytes + imageBytes) &&
    within(leastOffset, 0, imageBytes)
  );
}

/** Of a workspace without plain bytes and running means: models, most of it. */
const MOST_FIXED_BYTES = 2 ** 17;
/** Bytes of the states that a stream begins with. */
const LEAST_STREAM = 24;
