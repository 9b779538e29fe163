/** The small mistakes that an instruction can be turned into: the operators of the mutation test. */

import type { Instruction } from '../../fastpath/module/decode.ts';
import { Reader, signed, unsigned } from '../../fastpath/module/leb.ts';
import { encodeInstruction, opcodeNamed } from '../../fastpath/module/opcodes.ts';
import { textOf } from './module.ts';

export const mutationClasses = [
  'arithmetic',
  'shift',
  'bitwise',
  'comparison',
  'condition',
  'minmax',
  'sign',
  'half',
  'constant',
  'lane',
  'address',
] as const;
export type MutationClass = (typeof mutationClasses)[number];

export interface Mutation {
  readonly class: MutationClass;
  /** What stands in the instruction's place, as text. */
  readonly text: string;
  /** And as bytes. */
  readonly bytes: Uint8Array;
}

/** Every mutation of an instruction. */
export function mutationsOf(instruction: Instruction): readonly Mutation[] {
  const { opcode } = instruction;
  return [
    ...renamed(instruction),
    ...negated(instruction),
    ...(opcode.name === 'i8x16.shuffle' ? shuffled(instruction) : []),
    ...(opcode.immediates.endsWith('lane') ? otherLane(instruction) : []),
    ...(opcode.immediates.startsWith('memarg') ? otherOffset(instruction) : []),
    ...otherConstant(instruction),
  ];
}

/** Names by what they end in: the last part of a name, and what may stand for it. */
const RENAMES: readonly (readonly [MutationClass, RegExp, ...string[]])[] = [
  ['arithmetic', /\.add$/, '.sub'],
  ['arithmetic', /\.sub$/, '.add'],
  ['arithmetic', /\.mul$/, '.add'],
  ['arithmetic', /\.div$/, '.mul'],
  ['arithmetic', /\.(div|rem)_s$/, '.$1_u'],
  ['arithmetic', /\.(div|rem)_u$/, '.$1_s'],
  ['arithmetic', /\.add_sat_s$/, '.add', '.sub_sat_s', '.add_sat_u'],
  ['arithmetic', /\.dot_i16x8_s$/, '.extmul_low_i16x8_s', '.extmul_high_i16x8_s'],
  ['arithmetic', /\.relaxed_madd$/, '.relaxed_nmadd'],
  ['arithmetic', /\.relaxed_nmadd$/, '.relaxed_madd'],
  ['arithmetic', /\.trunc$/, '.nearest', '.floor', '.ceil'],
  ['arithmetic', /\.floor$/, '.trunc', '.nearest', '.ceil'],
  ['arithmetic', /\.ceil$/, '.trunc', '.nearest', '.floor'],
  ['arithmetic', /\.nearest$/, '.trunc', '.floor', '.ceil'],
  ['arithmetic', /\.abs$/, '.neg'],
  ['arithmetic', /\.clz$/, '.ctz'],
  ['shift', /\.shr_s$/, '.shr_u'],
  ['shift', /\.shr_u$/, '.shr_s'],
  ['shift', /\.shl$/, '.shr_u'],
  ['bitwise', /\.and$/, '.or'],
  ['bitwise', /\.or$/, '.and'],
  ['bitwise', /\.xor$/, '.or'],
  ['comparison', /\.eq$/, '.ne'],
  ['comparison', /\.ne$/, '.eq'],
  ['comparison', /\.lt(_[su])?$/, '.le$1'],
  ['comparison', /\.le(_[su])?$/, '.lt$1'],
  ['comparison', /\.gt(_[su])?$/, '.ge$1'],
  ['comparison', /\.ge(_[su])?$/, '.gt$1'],
  ['minmax', /\.(p|relaxed_)?min(_[su])?$/, '.$1max$2'],
  ['minmax', /\.(p|relaxed_)?max(_[su])?$/, '.$1min$2'],
  ['half', /\.(extmul|extend)_low_/, '.$1_high_'],
  ['half', /\.(extmul|extend)_high_/, '.$1_low_'],
  [
    'sign',
    /\.(narrow_.*|extend_.*|extmul_.*|convert_.*|trunc_.*|load\d.*|extract_lane)_s$/,
    '.$1_u',
  ],
  [
    'sign',
    /\.(narrow_.*|extend_.*|extmul_.*|convert_.*|trunc_.*|load\d.*|extract_lane)_u$/,
    '.$1_s',
  ],
];

function renamed({ opcode, immediates }: Instruction): readonly Mutation[] {
  return RENAMES.flatMap(([kind, pattern, ...replacements]) =>
    replacements.flatMap((replacement) => {
      if (!pattern.test(opcode.name)) return [];
      const other = opcodeNamed(opcode.name.replace(pattern, replacement));
      if (other === undefined) return [];
      return [mutation(kind, encodeInstruction(other, immediates), other.name)];
    }),
  );
}

const EQZ = Uint8Array.from([0x45]);
/** i32.eqz twice is what a condition means, so that one more negates it. */
const NOT_ZERO = Uint8Array.from([0x45, 0x45]);

/** Branches and choices that go the other way. */
function negated({ opcode, bytes }: Instruction): readonly Mutation[] {
  switch (opcode.name) {
    case 'br_if':
    case 'if':
    case 'select':
      return [mutation('condition', concatenate(EQZ, bytes), `i32.eqz ${opcode.name}`)];
    case 'i32.eqz':
      return [mutation('condition', NOT_ZERO, 'i32.eqz i32.eqz')];
    default:
      return [];
  }
}

/** Lanes of 32 bits: two neighbours swapped, one from the other operand; and all bytes rotated. */
function shuffled({ opcode, immediates }: Instruction): readonly Mutation[] {
  const indices = Array.from(immediates);
  const with_ = (change: (index: number, i: number) => number): Mutation => {
    const changed = indices.map(change);
    return mutation(
      'lane',
      encodeInstruction(opcode, changed),
      `${opcode.name} ${changed.join(' ')}`,
    );
  };
  const swap = (lane: number): Mutation =>
    with_((index, i) => {
      const from = Math.floor(i / 4) === lane ? i + 4 : Math.floor(i / 4) === lane + 1 ? i - 4 : i;
      return indices[from] ?? index;
    });
  const cross = (lane: number): Mutation =>
    with_((index, i) => (Math.floor(i / 4) === lane ? index ^ 16 : index));
  return [
    ...[0, 1, 2].map(swap),
    ...[0, 1, 2, 3].map(cross),
    with_((index, i) => indices[(i + 1) % 16] ?? index),
  ];
}

const LANES: Readonly<Record<string, number>> = { 8: 16, 16: 8, 32: 4, 64: 2 };

/** The lane after it. */
function otherLane({ opcode, bytes, immediates }: Instruction): readonly Mutation[] {
  const lane = immediates.at(-1) ?? 0;
  const bits = /^[if](\d+)x|(?:load|store)(\d+)_lane$/.exec(opcode.name);
  const lanes = LANES[bits?.[1] ?? bits?.[2] ?? ''] ?? 1;
  const changed = Uint8Array.from(bytes);
  changed[changed.length - 1] = (lane + 1) % lanes;
  return [mutation('lane', changed, `${opcode.name} lane ${String((lane + 1) % lanes)}`)];
}

/** Loads and stores beside their place. */
function otherOffset({ opcode, immediates }: Instruction): readonly Mutation[] {
  const reader = new Reader(immediates);
  const alignment = reader.unsigned();
  const offset = reader.unsigned();
  const rest = immediates.subarray(reader.at);
  return [1, -1, 16, -16]
    .map((by) => offset + by)
    .filter((changed) => changed >= 0)
    .map((changed) =>
      mutation(
        'address',
        encodeInstruction(opcode, [...unsigned(alignment), ...unsigned(changed), ...rest]),
        `${opcode.name} offset=${String(changed)}`,
      ),
    );
}

/** Constants one more and one less; of vectors, in one lane of 32 bits. */
function otherConstant(instruction: Instruction): readonly Mutation[] {
  const { opcode, immediates } = instruction;
  const constant = (bytes: ArrayLike<number>): Mutation => {
    const encoded = encodeInstruction(opcode, bytes);
    const changed = { opcode, bytes: encoded, immediates: Uint8Array.from(Array.from(bytes)) };
    return mutation('constant', encoded, textOf(changed));
  };
  const view = new DataView(immediates.slice().buffer);
  const changes = (write: (by: number) => void): readonly Mutation[] =>
    [1, -1].map((by) => {
      write(by);
      return constant(new Uint8Array(view.buffer));
    });
  switch (opcode.name) {
    case 'i32.const':
      return [1n, -1n].map((by) =>
        constant(signed(BigInt.asIntN(32, new Reader(immediates).signed() + by))),
      );
    case 'i64.const':
      return [1n, -1n].map((by) =>
        constant(signed(BigInt.asIntN(64, new Reader(immediates).signed() + by))),
      );
    case 'f32.const': {
      const value = view.getFloat32(0, true);
      return distinct(
        changes((by) => {
          view.setFloat32(0, value + by, true);
        }),
        instruction,
      );
    }
    case 'f64.const': {
      const value = view.getFloat64(0, true);
      return distinct(
        changes((by) => {
          view.setFloat64(0, value + by, true);
        }),
        instruction,
      );
    }
    case 'v128.const':
      return [0, 4, 8, 12].flatMap((at) => {
        const value = view.getInt32(at, true);
        const changed = changes((by) => {
          view.setInt32(at, value + by, true);
        });
        view.setInt32(at, value, true);
        return changed;
      });
    default:
      return [];
  }
}

/** Infinities and NaN are the same one more or less. */
function distinct(mutations: readonly Mutation[], { bytes }: Instruction): readonly Mutation[] {
  return mutations.filter((each) => Buffer.compare(each.bytes, bytes) !== 0);
}

function mutation(kind: MutationClass, bytes: Uint8Array, text: string): Mutation {
  return { class: kind, bytes, text };
}

function concatenate(first: Uint8Array, second: Uint8Array): Uint8Array {
  return Uint8Array.from([...first, ...second]);
}
