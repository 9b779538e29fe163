/** Builds all that the Worker imports or serves: `node worker/make/all.ts`. Kernels have to be built before. */

import { rmSync } from 'node:fs';
import { copyModules } from './modules.ts';
import { buildPage } from './page.ts';
import { buildPath } from './places.ts';
import { buildPrograms } from './programs.ts';

export async function buildAll(): Promise<void> {
  rmSync(buildPath(), { recursive: true, force: true });
  await buildPrograms();
  copyModules();
  await buildPage();
}

if (import.meta.main) await buildAll();
