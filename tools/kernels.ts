/** The kernels' modules as built, for hosts with a file system. */

import { readFileSync } from 'node:fs';
import type { Variant } from '../fastpath/runtime/index.ts';
import { chooseKernels, type ChosenKernels } from '../fastpath/runtime/self-test.ts';
import { packagePath } from './models.ts';

const compiled = new Map<Variant, WebAssembly.Module>();

/** The compiled kernels of a variant, `simd` unless said otherwise; compiled once a process. */
export function kernelsModule(variant: Variant = 'simd'): WebAssembly.Module {
  const known = compiled.get(variant);
  if (known !== undefined) return known;
  const module = new WebAssembly.Module(readFileSync(kernelsPath(variant)));
  compiled.set(variant, module);
  return module;
}

let chosen: Promise<ChosenKernels> | undefined;

/** The fastest variant that this engine takes and whose self-test is right; chosen once a process. */
export function bestKernels(): Promise<ChosenKernels> {
  chosen ??= chooseKernels(
    (['relaxed', 'simd'] as const).map((variant) => ({
      variant,
      kernels: () => kernelsModule(variant),
    })),
  );
  return chosen;
}

export function kernelsPath(variant: Variant = 'simd'): string {
  return packagePath('build', `kernels.${variant}.wasm`);
}

let decoder: WebAssembly.Module | undefined;

/** The compiled decoder of containers; compiled once a process. */
export function decoderModule(): WebAssembly.Module {
  decoder ??= new WebAssembly.Module(readFileSync(decoderPath()));
  return decoder;
}

export function decoderPath(): string {
  return packagePath('build', 'decoder.wasm');
}
