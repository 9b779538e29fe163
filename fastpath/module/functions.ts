/** The functions of a compiled model's module that are not kernels: its start, and `run`. */

import { signed, unsigned } from './leb.ts';
import { encodeInstruction, opcodeNamed } from './opcodes.ts';
import type { Records } from './placement.ts';
import { concatenate, I32, withLength } from './sections.ts';

/** A function's body: locals of i32 beyond its parameters, then instructions. */
function body(locals: number, ...instructions: readonly Uint8Array[]): Uint8Array {
  const declared = locals === 0 ? [0] : [1, ...unsigned(locals), I32];
  return withLength([], concatenate([Uint8Array.from(declared), ...instructions, op('end')]));
}

/** The type of a block without a result. */
const NOTHING = 0x40;

function op(name: string, ...immediates: readonly number[]): Uint8Array {
  const opcode = opcodeNamed(name);
  if (opcode === undefined) throw new Error(`Expected an instruction "${name}"`);
  return encodeInstruction(opcode, immediates.flatMap(unsigned));
}

/** A number in [-2^31, 2^31). */
export function constant(value: number): Uint8Array {
  return concatenate([op('i32.const'), Uint8Array.from(signed(BigInt(value)))]);
}

const call = (index: number): Uint8Array => op('call', index);

/** Calls kernels, each with the address of its step. */
export function runBody(
  steps: readonly { readonly kernel: number; readonly record: number }[],
): Uint8Array {
  return body(0, ...steps.flatMap(({ kernel, record }) => [constant(record), call(kernel)]));
}

/**
 * (source, to, count, stride, size, tail: i32) -> i32: places `Records` from a data segment, of which the first byte
 * is at `source`, and returns where the next ones begin. `count` is at least 1.
 */
export function placeBody(segment: number): Uint8Array {
  const [source, to, count, stride, size, tail, at, left] = [0, 1, 2, 3, 4, 5, 6, 7];
  const get = (local: number): Uint8Array => op('local.get', local);
  const set = (local: number): Uint8Array => op('local.set', local);
  const increase = (local: number, by: Uint8Array): Uint8Array =>
    concatenate([get(local), by, op('i32.add'), set(local)]);
  const decrease = (local: number): Uint8Array =>
    concatenate([get(local), constant(1), op('i32.sub'), op('local.tee', local)]);
  return body(
    2,
    ...[get(to), set(at), get(count), set(left)],
    op('loop', NOTHING),
    ...[get(at), get(source), get(size), op('memory.init', segment, 0)],
    increase(source, get(size)),
    increase(at, get(stride)),
    ...[decrease(left), op('br_if', 0), op('end')],

    ...[get(tail), op('if', NOTHING)],
    increase(to, get(size)),
    ...[get(to), get(source), get(tail), op('memory.init', segment, 0)],
    increase(source, get(tail)),
    ...[get(to), set(at)],
    op('loop', NOTHING),
    ...[decrease(count), op('if', NOTHING)],
    increase(at, get(stride)),
    ...[get(at), get(to), get(tail), op('memory.copy', 0, 0)],
    ...[op('br', 1), op('end'), op('end'), op('end')],
    get(source),
  );
}

/** Calls the functions `first`, then places records from a data segment, which is dropped. */
export function placingBody(
  first: readonly number[],
  place: number,
  segment: number,
  records: readonly Records[],
): Uint8Array {
  const placed = records.flatMap(({ to, count, stride, size, bytes }) => {
    const given = [to, count, stride, size, bytes.length - count * size];
    return [...given.map(constant), call(place)];
  });
  const drop = [op('drop'), op('data.drop', segment)];
  return body(0, ...first.map(call), constant(0), ...placed, ...drop);
}

/** Calls the functions `first`, then `decode` with its arguments; traps unless it returns 0. */
export function decodingBody(
  first: readonly number[],
  decode: number,
  given: readonly number[],
): Uint8Array {
  const check = [op('if', NOTHING), op('unreachable'), op('end')];
  return body(0, ...first.map(call), ...given.map(constant), call(decode), ...check);
}
