/** `plumbline compile --wasm`: a model as one WebAssembly module. */

import { readFileSync } from 'node:fs';
import { brotliCompressSync } from 'node:zlib';
import { compileModule, type ModuleSizes } from '../../fastpath/module/index.ts';
import type { Variant } from '../../fastpath/runtime/variant.ts';
import type { Graph } from '../../reference/index.ts';
import { sha256, writeBytes } from '../files.ts';
import { decoderPath, kernelsPath } from '../kernels.ts';
import { print, printJson, table } from './context.ts';

export interface WasmFlags {
  readonly variant: Variant;
  /** Whether constants are entropy coded. */
  readonly packed: boolean;
  readonly json: boolean;
}

/** Compiles a graph and writes the module; prints what it consists of. */
export function writeWasm(
  graph: Graph,
  output: string,
  { variant, packed, json }: WasmFlags,
): void {
  const { bytes, description, sizes } = compileModule(
    graph,
    readFileSync(kernelsPath(variant)),
    packed ? { decoder: readFileSync(decoderPath()) } : {},
  );
  writeBytes(output, bytes);
  const brotliBytes = brotliCompressSync(bytes).length;
  const digest = sha256(bytes);
  const exports = WebAssembly.Module.exports(new WebAssembly.Module(bytes));
  if (json) {
    const measured = { bytes: bytes.length, brotliBytes, sha256: digest, sizes };
    printJson({ output, variant, packed, ...measured, exports, description });
    return;
  }
  print(
    table([
      ['part', 'bytes'],
      ...partsOf(sizes).map(([name, size]) => [name, String(size)]),
      ['total', String(bytes.length)],
    ]),
  );
  print(`exports: ${exports.map(({ name }) => name).join(', ')}; no imports`);
  print(
    `needs ${description.features.join(', ')}; memory of ${String(description.bytes.memory)} bytes`,
  );
  print(`${output}: ${String(bytes.length)} bytes, ${String(brotliBytes)} with brotli`);
  print(`sha256 ${digest}`);
}

function partsOf(sizes: ModuleSizes): readonly (readonly [string, number])[] {
  return [
    ...Object.entries(sizes.kernels).map(([names, size]) => [`code: ${names}`, size] as const),
    ...(sizes.decoder === 0
      ? [
          ['code: run, placing of constants', sizes.functions] as const,
          ['data: steps', sizes.steps] as const,
          ['data: weights, parameters', sizes.constants] as const,
        ]
      : [
          ['code: decoder', sizes.decoder] as const,
          ['code: run, start', sizes.functions] as const,
          ['data: steps, weights, parameters, coded', sizes.constants] as const,
        ]),
    ['data: description', sizes.description],
    ['types, exports, headers', sizes.rest],
  ];
}
