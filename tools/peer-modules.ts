/** The outside runtimes of tools/peers, which the repository has and the package has not, nor need they be installed. */

import { pathToFileURL } from 'node:url';
import { FileError, messageOf } from './errors.ts';
import { packagePath } from './models.ts';

interface PeerModule {
  readonly file: string;
  /** Exports: the runtime, and its form as a back end of the conformance suite. */
  readonly peer: string;
  readonly backend: string;
}

export const peerModules = {
  'onnxruntime-web': {
    file: 'onnxruntime.ts',
    peer: 'onnxruntime',
    backend: 'onnxruntimeBackend',
  },
  'tfjs-cpu': { file: 'tfjs.ts', peer: 'tfjsCpu', backend: 'tfjsCpuBackend' },
  'tfjs-wasm': { file: 'tfjs.ts', peer: 'tfjsWasm', backend: 'tfjsWasmBackend' },
  'litert-simd': { file: 'litert.ts', peer: 'litertSimd', backend: 'litertSimdBackend' },
  'litert-relaxed': {
    file: 'litert.ts',
    peer: 'litertRelaxed',
    backend: 'litertRelaxedBackend',
  },
} as const satisfies Readonly<Record<string, PeerModule>>;

export type PeerName = keyof typeof peerModules;
export const peerNames = Object.keys(peerModules) as readonly PeerName[];

export function isPeerName(name: string): name is PeerName {
  return Object.hasOwn(peerModules, name);
}

/** A path inside tools/peers. */
export function peerPath(...parts: readonly string[]): string {
  return packagePath('tools', 'peers', ...parts);
}

/**
 * The runtime that a peer's module exports.
 *
 * @throws {FileError} where its packages are not installed
 */
export async function importPeer(name: PeerName): Promise<unknown> {
  const { file, peer } = peerModules[name];
  try {
    const loaded: unknown = await import(pathToFileURL(peerPath(file)).href);
    return (loaded as Readonly<Record<string, unknown>>)[peer];
  } catch (error) {
    throw new FileError(
      name,
      `Expected a module that loads. ${messageOf(error)} (npm ci in tools/peers installs what it needs)`,
      { cause: error },
    );
  }
}
