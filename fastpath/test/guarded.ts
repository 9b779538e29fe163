/** Loads Programs where a read or write outside them shows: in a memory that is larger, and full of a known byte. */

import { generator } from '../../conformance/draws.ts';
import { kernelsModule } from '../../tools/kernels.ts';
import { PROGRAM_BASE, type Header } from '../program/format.ts';
import { loadProgram, type Elements, type FastPath, type Variant } from '../runtime/index.ts';
import { ownMemory } from './own-memory.ts';
import { headerOf } from './programs.ts';

const PAGE_BYTES = 65536;
const GUARD = 0xa5;

let wantedPages = 1;
let memory = new WebAssembly.Memory({ initial: 0 });
let own = { from: 0, to: 0 };

// The loader hides its instance: this is the one way to its memory.
Object.assign(WebAssembly, {
  Instance: class extends WebAssembly.Instance {
    constructor(module: WebAssembly.Module, imports?: WebAssembly.Imports) {
      super(module, imports);
      const { memory: exported } = this.exports;
      own = ownMemory(this.exports);
      memory = exported as WebAssembly.Memory;
      memory.grow(wantedPages - memory.buffer.byteLength / PAGE_BYTES);
      new Uint8Array(memory.buffer).fill(GUARD, own.to);
    }
  },
});

export interface Guarded {
  readonly network: FastPath;
  /** What has changed since loading besides the arena and the kernels' own memory, as text. */
  readonly stray: () => string | undefined;
}

/** `believed` is where image and arena are taken to end. @throws whatever `loadProgram` throws */
export async function loadGuarded(
  program: Uint8Array,
  variant: Variant = 'simd',
  believed: Partial<Header> = {},
): Promise<Guarded> {
  const { imageBytes, arenaBytes } = { ...headerOf(program), ...believed };
  const imageEnd = PROGRAM_BASE + imageBytes;
  const end = imageEnd + arenaBytes;
  wantedPages = Math.ceil(end / PAGE_BYTES) + 1;
  const network = await loadProgram(program, kernelsModule(variant));
  const bytes = new Uint8Array(memory.buffer);
  const before = bytes.slice();
  const { from: ownStart, to: ownEnd } = own;
  const stray = (): string | undefined => {
    const parts = [
      ['kernels', 0, ownStart],
      ['kernels', ownEnd, PROGRAM_BASE],
      ['image', PROGRAM_BASE, imageEnd],
      ['guard', end, bytes.length],
    ] as const;
    const [part] = parts.filter(
      ([, from, to]) => Buffer.compare(bytes.subarray(from, to), before.subarray(from, to)) !== 0,
    );
    return part === undefined ? undefined : `Expected no change to ${part[0]}`;
  };
  return { network, stray };
}

/** Arrays of any bytes for the inputs of a loaded Program. */
export function anyInputs({ description }: FastPath, seed: number): readonly Elements[] {
  const random = generator(seed);
  return description.inputs.map(({ type, shape }) => {
    const length = shape.reduce((a, b) => a * b, 1);
    const { buffer } = Uint8Array.from({ length: 4 * length }, () => 256 * random());
    switch (type) {
      case 'float32':
        return new Float32Array(buffer, 0, length);
      case 'int16':
        return new Int16Array(buffer, 0, length);
      case 'int8':
        return new Int8Array(buffer, 0, length);
      case 'uint8':
        return new Uint8Array(buffer, 0, length);
    }
  });
}
