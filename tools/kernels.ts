/** The kernels' module as built, for hosts with a file system. */

import { readFileSync } from 'node:fs';
import { packagePath } from './models.ts';

let compiled: WebAssembly.Module | undefined;

/** The compiled kernels; compiled once a process. */
export function kernelsModule(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(readFileSync(kernelsPath()));
  return compiled;
}

export function kernelsPath(): string {
  return packagePath('build', 'kernels.simd.wasm');
}
