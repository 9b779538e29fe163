/** Kernels and decoders as static assets, for the page. */

import { copyFileSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { variants } from '../../fastpath/runtime/index.ts';
import { kernelsPath } from '../../tools/kernels.ts';
import { assetsPath } from './places.ts';

const { resolve } = createRequire(import.meta.url);

export function copyModules(): void {
  mkdirSync(assetsPath('decoders'), { recursive: true });
  mkdirSync(assetsPath('kernels'), { recursive: true });
  for (const [format, file] of [
    ['jpeg', '@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm'],
    ['webp', '@jsquash/webp/codec/dec/webp_dec.wasm'],
  ] as const) {
    copyFileSync(resolve(file), assetsPath('decoders', `${format}.wasm`));
  }
  for (const variant of variants) {
    copyFileSync(kernelsPath(variant), assetsPath('kernels', `${variant}.wasm`));
  }
}
