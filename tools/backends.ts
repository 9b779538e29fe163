/** The back ends that the command holds to the reference: by name, or a module's default export. */

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Backend } from '../golden/backend.ts';
import { backends } from '../golden/backends.ts';
import { fastpathBackends } from '../golden/fastpath-backend.ts';
import { FileError, messageOf, UsageError } from './errors.ts';
import { isPeerName, peerModules, peerNames, peerPath } from './peer-modules.ts';

/** The names of the back ends that are there. */
export function backendNames(): readonly string[] {
  return [...Object.keys(backends), ...(existsSync(peerPath()) ? peerNames : [])];
}

/**
 * Those of a report that names none: the fast path's variants, of which compiled modules have the kernels, and the outside
 * runtimes that are installed.
 */
export function reportedBackends(): readonly string[] {
  const installed = existsSync(peerPath('node_modules'));
  const ours = fastpathBackends.map(({ name }) => name);
  return [...ours, ...(installed ? peerNames : [])];
}

/**
 * A back end by name, or the default export of a module.
 *
 * @throws {UsageError} for neither a name nor a path
 * @throws {FileError} for a module that does not load, or has no back end
 */
export async function loadBackend(name: string): Promise<Backend> {
  const known = backends[name];
  if (known !== undefined) return known;
  const { file: peer, backend: exported } = isPeerName(name)
    ? peerModules[name]
    : { file: undefined, backend: 'default' };
  const path = peer === undefined ? resolve(name) : peerPath(peer);
  if (!existsSync(path)) {
    const names = backendNames().join(', ');
    const where = peer === undefined ? '' : ', which only the repository has (tools/peers)';
    throw new UsageError(`Expected --backend ${names} or a module but found ${name}${where}`);
  }
  let loaded: unknown;
  try {
    loaded = await import(pathToFileURL(path).href);
  } catch (error) {
    const text = `Expected a module that loads. ${messageOf(error)}${hintOf(error, peer !== undefined)}`;
    throw new FileError(name, text, { cause: error });
  }
  const backend = (loaded as Readonly<Record<string, unknown>>)[exported];
  if (!isBackend(backend)) {
    throw new FileError(name, `Expected an export ${exported}: { name, prepare } but found none`);
  }
  return backend;
}

/** What helps where a module does not load. */
function hintOf(error: unknown, isPeer: boolean): string {
  if (error instanceof Error && 'code' in error && error.code === 'ERR_UNKNOWN_FILE_EXTENSION') {
    return ' (Node 22.18 and newer run TypeScript; older ones need JavaScript)';
  }
  if (isPeer) return ' (npm ci in tools/peers installs what it needs)';
  if (error instanceof SyntaxError && error.message.includes('outside a module')) {
    return ' ("type": "module" in package.json makes it one, and so does a name in .mts or .mjs)';
  }
  return '';
}

function isBackend(value: unknown): value is Backend {
  return (
    typeof value === 'object' &&
    value !== null &&
    'name' in value &&
    typeof value.name === 'string' &&
    'prepare' in value &&
    typeof value.prepare === 'function'
  );
}
