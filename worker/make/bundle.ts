/** The Worker as the runtime takes it, without wrangler: one script and the modules that it imports. */

import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { build as bundle, type Plugin } from 'esbuild';
import { packagePath } from '../../tools/models.ts';

export interface WorkerModule {
  readonly type: 'ESModule' | 'CompiledWasm' | 'Data';
  readonly path: string;
  readonly contents: Uint8Array;
}

const kinds: Readonly<Record<string, 'CompiledWasm' | 'Data'>> = {
  wasm: 'CompiledWasm',
  program: 'Data',
};

/** Marks a path that the plugin has asked about itself. */
const RESOLVED = 'resolved';

/**
 * The entry (by its path in worker/, such as `src/index.ts`) and all modules it needs, the script first. `given`: contents
 * of modules by the names of their files, in place of these.
 */
export async function bundleWorker(
  entry: string,
  given: Readonly<Record<string, Uint8Array>> = {},
): Promise<readonly WorkerModule[]> {
  const modules = new Map<string, WorkerModule>();
  const external: Plugin = {
    name: 'modules',
    setup: (build) => {
      build.onResolve({ filter: /\.(wasm|program)$/ }, async (found) => {
        if (found.pluginData === RESOLVED) return undefined;
        const { kind, resolveDir, path } = found;
        const contents = given[basename(path)];
        if (contents !== undefined) {
          const name = `./${basename(path)}`;
          modules.set(name, { type: 'CompiledWasm', path: name.slice(2), contents });
          return { path: name, external: true };
        }
        const { path: file } = await build.resolve(path, {
          kind,
          resolveDir,
          pluginData: RESOLVED,
        });
        const name = `./${basename(file)}`;
        const type = kinds[file.split('.').at(-1) ?? ''] ?? 'Data';
        modules.set(name, { type, path: name.slice(2), contents: readFileSync(file) });
        return { path: name, external: true };
      });
    },
  };
  const { outputFiles } = await bundle({
    entryPoints: [packagePath('worker', entry)],
    bundle: true,
    format: 'esm',
    target: 'es2022',
    minify: true,
    write: false,
    outfile: 'worker.js',
    plugins: [external],
    logLevel: 'warning',
  });
  const [script] = outputFiles;
  if (script === undefined) throw new Error('Expected a script but found none');
  return [{ type: 'ESModule', path: 'worker.js', contents: script.contents }, ...modules.values()];
}
