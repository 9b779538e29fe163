/**
 * The constants of a Program as bytes to store and places to put them when the module is instantiated.
 *
 * Kernels want panels of 8 channels whose limits are written out each time, pixels' channels padded to 8, windows' rows
 * padded to 4, and steps of 28 words of which most are small: a few percent of the bytes that a network takes. A
 * module stores none of them twice.
 */

import type { CheckedProgram } from '../program/check-program.ts';
import {
  headerFields,
  PROGRAM_BASE,
  readWords,
  STEP_BYTES,
  stepFields,
} from '../program/format.ts';
import { parameterBytes, regionsOf } from '../program/kernels.ts';

/** Bytes as they are. */
export interface Plain {
  readonly to: number;
  readonly bytes: Uint8Array;
}

/**
 * Records, `stride` bytes apart from `to` on. Each begins with `size` bytes of its own, one after the other in `bytes`;
 * behind those follow the bytes in which all are alike, which are the last of `bytes`: none where they are zero.
 */
export interface Records {
  readonly to: number;
  readonly count: number;
  readonly stride: number;
  readonly size: number;
  readonly bytes: Uint8Array;
}

export interface Placements {
  /** By address. */
  readonly plain: readonly Plain[];
  /** The steps, word by word. */
  readonly steps: readonly Records[];
  readonly records: readonly Records[];
}

/** A part of the image: records that may end alike. */
interface Part {
  readonly to: number;
  readonly count: number;
  readonly stride: number;
  /** Bytes of a record. */
  readonly width: number;
}

/** Bytes that a placement of records takes beside its own (measured). */
const CODE_BYTES = 20;
/** What weights may be padded to, in bytes: the rows of a window, or a panel of channels. */
const WEIGHT_STRIDES = [4, 8, 16, 32, 64];

/** How the steps and constants of a checked Program are stored: all between its header and its description. */
export function placementsOf(program: Uint8Array, { steps }: CheckedProgram): Placements {
  const view = new DataView(program.buffer, program.byteOffset, program.byteLength);
  const header = readWords(view, 0, headerFields);
  const ofSteps = stepFields.flatMap((_, word) =>
    recordsOf(program, {
      to: header.steps + 4 * word,
      count: steps.length,
      stride: STEP_BYTES,
      width: 4,
    }),
  );
  const plain: Plain[] = [];
  const records: Records[] = [];
  let at = header.steps + steps.length * STEP_BYTES;
  const storeUntil = (to: number): void => {
    if (to > at) plain.push({ to: at, bytes: slice(program, at, to) });
  };
  for (const parts of constantsOf(view, steps)) {
    for (const part of best(program, parts)) {
      if (part.to < at) continue;
      storeUntil(part.to);
      records.push(...recordsOf(program, part));
      at = part.to + part.count * part.stride;
    }
  }
  storeUntil(header.description);
  return { plain, steps: ofSteps, records };
}

/** The part of those at the same address that takes the fewest bytes; none where it takes no fewer as it is. */
function best(program: Uint8Array, parts: readonly Part[]): readonly Part[] {
  let [chosen, least]: [Part | undefined, number] = [undefined, Infinity];
  for (const part of parts) {
    const bytes = storedBytes(recordsOf(program, part));
    if (bytes < Math.min(least, part.count * part.stride)) [chosen, least] = [part, bytes];
  }
  return chosen === undefined ? [] : [chosen];
}

function slice(program: Uint8Array, from: number, to: number): Uint8Array {
  return program.subarray(from - PROGRAM_BASE, to - PROGRAM_BASE);
}

function storedBytes(placed: readonly Records[]): number {
  return placed.reduce((sum, { bytes }) => sum + bytes.length + CODE_BYTES, 0);
}

/** The constants of each step, by address, in each way in which they may be records. */
function constantsOf(view: DataView, steps: CheckedProgram['steps']): readonly (readonly Part[])[] {
  const found = steps.flatMap(({ kernel, record }) => {
    const step = readWords(view, record - PROGRAM_BASE, stepFields);
    const regions = regionsOf(kernel, step);
    const parts = (field: 'weights' | 'parameters', strides: readonly number[]): Part[] =>
      strides.flatMap((stride) =>
        regions[field] === 0 || regions[field] % stride !== 0
          ? []
          : [{ to: step[field], count: regions[field] / stride, stride, width: stride }],
      );
    return [parts('weights', WEIGHT_STRIDES), parts('parameters', [parameterBytes(kernel)])];
  });
  const address = ([part]: readonly Part[]): number => part?.to ?? 0;
  return found.filter((parts) => parts.length > 0).sort((a, b) => address(a) - address(b));
}

/** A part as records; none where it is empty or all of it is zero. */
function recordsOf(program: Uint8Array, { to, count, stride, width }: Part): readonly Records[] {
  if (count === 0) return [];
  const start = to - PROGRAM_BASE;
  const alike = (column: number): boolean => {
    for (let i = 1; i < count; i++) {
      if (program[start + i * stride + column] !== program[start + column]) return false;
    }
    return true;
  };
  let size = width;
  while (size > 0 && alike(size - 1)) size--;
  const tail = program.subarray(start + size, start + width);
  const ends = tail.some((byte) => byte !== 0) ? tail : tail.subarray(0, 0);
  const bytes = new Uint8Array(count * size + ends.length);
  for (let i = 0; i < count; i++) {
    const own = start + i * stride;
    bytes.set(program.subarray(own, own + size), i * size);
  }
  bytes.set(ends, count * size);
  return bytes.length === 0 ? [] : [{ to, count, stride, size, bytes }];
}
