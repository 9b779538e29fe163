/** The Worker on the real runtime (workerd, through Miniflare), for tests. */

import { Miniflare, type MiniflareOptions } from 'miniflare';
import { afterAll } from 'vitest';
import { bundleWorker } from '../make/bundle.ts';
import { assetsPath } from '../make/places.ts';

export const compatibilityDate = '2026-07-01';

export interface TestService {
  readonly runtime: Miniflare;
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** POST of an image or another body. */
  post(
    path: string,
    body: Uint8Array | string,
    headers?: Record<string, string>,
  ): Promise<Response>;
}

/** Starts the Worker of an entry; it ends with the tests of the file. */
export async function startService(
  options: Partial<MiniflareOptions> = {},
  entry = 'src/index.ts',
  given: Readonly<Record<string, Uint8Array>> = {},
): Promise<TestService> {
  const modules = await bundleWorker(entry, given);
  const runtime = new Miniflare({
    modules: modules.map((module) => ({ ...module, contents: Uint8Array.from(module.contents) })),
    modulesRoot: '/',
    compatibilityDate,
    cf: false,
    ...options,
  } as MiniflareOptions);
  afterAll(() => runtime.dispose());
  const origin = await runtime.ready;
  const get: TestService['fetch'] = (path, init) => fetch(new URL(path, origin), init);
  return {
    runtime,
    fetch: get,
    post: (path, body, headers = {}) =>
      get(path, { method: 'POST', body: body as Uint8Array<ArrayBuffer>, headers }),
  };
}

/** With the page and the Programs that are not embedded, as wrangler deploys them. */
export const withAssets: Partial<MiniflareOptions> = {
  assets: {
    directory: assetsPath(),
    binding: 'ASSETS',
    routerConfig: { has_user_worker: true },
    assetConfig: { html_handling: 'auto-trailing-slash', not_found_handling: 'none' },
  },
};
