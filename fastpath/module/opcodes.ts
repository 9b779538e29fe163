/** The names of instructions (WebAssembly core specification 2.0, chapter 5.4), and what follows an opcode. */

import { unsigned } from './leb.ts';

/** What follows an opcode in the code section. */
export type Immediates =
  | 'none'
  | 'block'
  | 'index'
  | 'two-indices'
  | 'table'
  | 'types'
  | 'memarg'
  | 'memarg-lane'
  | 'lane'
  | 'lanes'
  | 'i32'
  | 'i64'
  | 'f32'
  | 'f64';

export interface Opcode {
  readonly name: string;
  /** 0xfc or 0xfd, where `code` follows a prefix. */
  readonly prefix?: number;
  readonly code: number;
  readonly immediates: Immediates;
}

/** Name of an opcode that does not exist, to keep count. */
const GAP = '-';

const comparisons = 'eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u';
const vectorComparisons = 'eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u';
const floatComparisons = 'eq ne lt gt le ge';
const integerArithmetic =
  'clz ctz popcnt add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u rotl rotr';
const floatArithmetic = 'abs neg ceil floor trunc nearest sqrt add sub mul div min max copysign';
const vectorFloatArithmetic = 'abs neg - sqrt add sub mul div min max pmin pmax';

/** `names` of one type: "i32", "add sub" to i32.add, i32.sub. */
function of(type: string, names: string): string[] {
  return names.split(' ').map((name) => (name === GAP ? GAP : `${type}.${name}`));
}

const accesses = [
  ...['i32.load', 'i64.load', 'f32.load', 'f64.load'],
  ...of('i32', 'load8_s load8_u load16_s load16_u'),
  ...of('i64', 'load8_s load8_u load16_s load16_u load32_s load32_u'),
  ...['i32.store', 'i64.store', 'f32.store', 'f64.store'],
  ...of('i32', 'store8 store16'),
  ...of('i64', 'store8 store16 store32'),
];

const numeric = [
  'i32.eqz',
  ...of('i32', comparisons),
  'i64.eqz',
  ...of('i64', comparisons),
  ...of('f32', floatComparisons),
  ...of('f64', floatComparisons),
  ...of('i32', integerArithmetic),
  ...of('i64', integerArithmetic),
  ...of('f32', floatArithmetic),
  ...of('f64', floatArithmetic),
  ...of('i32', 'wrap_i64 trunc_f32_s trunc_f32_u trunc_f64_s trunc_f64_u'),
  ...of('i64', 'extend_i32_s extend_i32_u trunc_f32_s trunc_f32_u trunc_f64_s trunc_f64_u'),
  ...of('f32', 'convert_i32_s convert_i32_u convert_i64_s convert_i64_u demote_f64'),
  ...of('f64', 'convert_i32_s convert_i32_u convert_i64_s convert_i64_u promote_f32'),
  ...['i32.reinterpret_f32', 'i64.reinterpret_f64', 'f32.reinterpret_i32', 'f64.reinterpret_i64'],
  ...of('i32', 'extend8_s extend16_s'),
  ...of('i64', 'extend8_s extend16_s extend32_s'),
];

const saturating = [
  ...of('i32', 'trunc_sat_f32_s trunc_sat_f32_u trunc_sat_f64_s trunc_sat_f64_u'),
  ...of('i64', 'trunc_sat_f32_s trunc_sat_f32_u trunc_sat_f64_s trunc_sat_f64_u'),
];

const vectorAccesses = of(
  'v128',
  'load load8x8_s load8x8_u load16x4_s load16x4_u load32x2_s load32x2_u load8_splat load16_splat load32_splat load64_splat store',
);

const vectorLanes = [
  ...of('i8x16', 'extract_lane_s extract_lane_u replace_lane'),
  ...of('i16x8', 'extract_lane_s extract_lane_u replace_lane'),
  ...['i32x4', 'i64x2', 'f32x4', 'f64x2'].flatMap((type) => of(type, 'extract_lane replace_lane')),
];

const vectorLaneAccesses = of(
  'v128',
  'load8_lane load16_lane load32_lane load64_lane store8_lane store16_lane store32_lane store64_lane',
);

/** From 0x23 to 0x53. */
const vectorLogic = [
  ...of('i8x16', vectorComparisons),
  ...of('i16x8', vectorComparisons),
  ...of('i32x4', vectorComparisons),
  ...of('f32x4', floatComparisons),
  ...of('f64x2', floatComparisons),
  ...of('v128', 'not and andnot or xor bitselect any_true'),
];

/** From 0x5e to 0xff. */
const vectorNumeric = [
  ...['f32x4.demote_f64x2_zero', 'f64x2.promote_low_f32x4'],
  ...of('i8x16', 'abs neg popcnt all_true bitmask narrow_i16x8_s narrow_i16x8_u'),
  ...of('f32x4', 'ceil floor trunc nearest'),
  ...of('i8x16', 'shl shr_s shr_u add add_sat_s add_sat_u sub sub_sat_s sub_sat_u'),
  ...of('f64x2', 'ceil floor'),
  ...of('i8x16', 'min_s min_u max_s max_u'),
  'f64x2.trunc',
  'i8x16.avgr_u',
  ...of('i16x8', 'extadd_pairwise_i8x16_s extadd_pairwise_i8x16_u'),
  ...of('i32x4', 'extadd_pairwise_i16x8_s extadd_pairwise_i16x8_u'),
  ...of('i16x8', 'abs neg q15mulr_sat_s all_true bitmask narrow_i32x4_s narrow_i32x4_u'),
  ...of('i16x8', 'extend_low_i8x16_s extend_high_i8x16_s extend_low_i8x16_u extend_high_i8x16_u'),
  ...of('i16x8', 'shl shr_s shr_u add add_sat_s add_sat_u sub sub_sat_s sub_sat_u'),
  'f64x2.nearest',
  ...of('i16x8', 'mul min_s min_u max_s max_u - avgr_u'),
  ...of('i16x8', 'extmul_low_i8x16_s extmul_high_i8x16_s extmul_low_i8x16_u extmul_high_i8x16_u'),
  ...of('i32x4', 'abs neg - all_true bitmask - -'),
  ...of('i32x4', 'extend_low_i16x8_s extend_high_i16x8_s extend_low_i16x8_u extend_high_i16x8_u'),
  ...of('i32x4', 'shl shr_s shr_u add - - sub - - - mul min_s min_u max_s max_u dot_i16x8_s -'),
  ...of('i32x4', 'extmul_low_i16x8_s extmul_high_i16x8_s extmul_low_i16x8_u extmul_high_i16x8_u'),
  ...of('i64x2', 'abs neg - all_true bitmask - -'),
  ...of('i64x2', 'extend_low_i32x4_s extend_high_i32x4_s extend_low_i32x4_u extend_high_i32x4_u'),
  ...of('i64x2', 'shl shr_s shr_u add - - sub - - - mul eq ne lt_s gt_s le_s ge_s'),
  ...of('i64x2', 'extmul_low_i32x4_s extmul_high_i32x4_s extmul_low_i32x4_u extmul_high_i32x4_u'),
  ...of('f32x4', vectorFloatArithmetic),
  ...of('f64x2', vectorFloatArithmetic),
  ...of('i32x4', 'trunc_sat_f32x4_s trunc_sat_f32x4_u'),
  ...of('f32x4', 'convert_i32x4_s convert_i32x4_u'),
  ...of('i32x4', 'trunc_sat_f64x2_s_zero trunc_sat_f64x2_u_zero'),
  ...of('f64x2', 'convert_low_i32x4_s convert_low_i32x4_u'),
];

/** Of relaxed SIMD, from 0x100. */
const vectorRelaxed = [
  'i8x16.relaxed_swizzle',
  ...of('i32x4', 'relaxed_trunc_f32x4_s relaxed_trunc_f32x4_u'),
  ...of('i32x4', 'relaxed_trunc_f64x2_s_zero relaxed_trunc_f64x2_u_zero'),
  ...of('f32x4', 'relaxed_madd relaxed_nmadd'),
  ...of('f64x2', 'relaxed_madd relaxed_nmadd'),
  ...['i8x16', 'i16x8', 'i32x4', 'i64x2'].map((type) => `${type}.relaxed_laneselect`),
  ...of('f32x4', 'relaxed_min relaxed_max'),
  ...of('f64x2', 'relaxed_min relaxed_max'),
  ...of('i16x8', 'relaxed_q15mulr_s relaxed_dot_i8x16_i7x16_s'),
  'i32x4.relaxed_dot_i8x16_i7x16_add_s',
];

const SATURATING_PREFIX = 0xfc;
const VECTOR_PREFIX = 0xfd;

function run(
  names: readonly string[],
  from: number,
  immediates: Immediates,
  prefix?: number,
): Opcode[] {
  return names.flatMap((name, i) =>
    name === GAP
      ? []
      : [{ name, code: from + i, immediates, ...(prefix === undefined ? {} : { prefix }) }],
  );
}

const vector = (names: readonly string[], from: number, immediates: Immediates): Opcode[] =>
  run(names, from, immediates, VECTOR_PREFIX);

const all: readonly Opcode[] = [
  ...run(['unreachable', 'nop'], 0x00, 'none'),
  ...run(['block', 'loop', 'if'], 0x02, 'block'),
  ...run(['else'], 0x05, 'none'),
  ...run(['end'], 0x0b, 'none'),
  ...run(['br', 'br_if'], 0x0c, 'index'),
  ...run(['br_table'], 0x0e, 'table'),
  ...run(['return'], 0x0f, 'none'),
  ...run(['call'], 0x10, 'index'),
  ...run(['call_indirect'], 0x11, 'two-indices'),
  ...run(['drop', 'select'], 0x1a, 'none'),
  ...run(['select_t'], 0x1c, 'types'),
  ...run(['local.get', 'local.set', 'local.tee', 'global.get', 'global.set'], 0x20, 'index'),
  ...run(accesses, 0x28, 'memarg'),
  ...run(['memory.size', 'memory.grow'], 0x3f, 'index'),
  ...run(['i32.const'], 0x41, 'i32'),
  ...run(['i64.const'], 0x42, 'i64'),
  ...run(['f32.const'], 0x43, 'f32'),
  ...run(['f64.const'], 0x44, 'f64'),
  ...run(numeric, 0x45, 'none'),
  ...run(saturating, 0, 'none', SATURATING_PREFIX),
  ...run(['memory.init'], 8, 'two-indices', SATURATING_PREFIX),
  ...run(['data.drop'], 9, 'index', SATURATING_PREFIX),
  ...run(['memory.copy'], 10, 'two-indices', SATURATING_PREFIX),
  ...run(['memory.fill'], 11, 'index', SATURATING_PREFIX),
  ...vector(vectorAccesses, 0x00, 'memarg'),
  ...vector(['v128.const', 'i8x16.shuffle'], 0x0c, 'lanes'),
  ...vector(['i8x16.swizzle'], 0x0e, 'none'),
  ...vector(
    ['i8x16', 'i16x8', 'i32x4', 'i64x2', 'f32x4', 'f64x2'].map((type) => `${type}.splat`),
    0x0f,
    'none',
  ),
  ...vector(vectorLanes, 0x15, 'lane'),
  ...vector(vectorLogic, 0x23, 'none'),
  ...vector(vectorLaneAccesses, 0x54, 'memarg-lane'),
  ...vector(['v128.load32_zero', 'v128.load64_zero'], 0x5c, 'memarg'),
  ...vector(vectorNumeric, 0x5e, 'none'),
  ...vector(vectorRelaxed, 0x100, 'none'),
];

const byName = new Map(all.map((opcode) => [opcode.name, opcode]));
const byCode = new Map(all.map((opcode) => [keyOf(opcode.prefix, opcode.code), opcode]));

function keyOf(prefix: number | undefined, code: number): number {
  return (prefix ?? 0) * 0x10000 + code;
}

/** The bytes of an instruction. */
export function encodeInstruction(opcode: Opcode, immediates: ArrayLike<number>): Uint8Array {
  const { prefix, code } = opcode;
  const head = prefix === undefined ? [code] : [prefix, ...unsigned(code)];
  return Uint8Array.from([...head, ...Array.from(immediates)]);
}

export function isPrefix(byte: number): boolean {
  return byte === SATURATING_PREFIX || byte === VECTOR_PREFIX;
}

/** @throws {RangeError} for an opcode that kernels do not have */
export function opcodeAt(prefix: number | undefined, code: number): Opcode {
  const found = byCode.get(keyOf(prefix, code));
  if (found === undefined) {
    throw new RangeError(`Expected an opcode but found ${String(prefix ?? '')} ${String(code)}`);
  }
  return found;
}

/** The opcode of a name, if there is one. */
export function opcodeNamed(name: string): Opcode | undefined {
  return byName.get(name);
}
