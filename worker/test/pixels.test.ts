/** Pixels on the edge are those of the command line and of the reference, one by one. */

import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { resize } from '../../reference/index.ts';
import { decodeImage } from '../../tools/images/decode.ts';
import { images } from './images.ts';
import { startService } from './service.ts';

const service = await startService({}, 'test/pixels-worker.ts');
const digest = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');

it.each(await images())('%s', async (_name, file) => {
  const wanted = await decodeImage(file);
  const answer = await service.post('/', file);
  const { width, height } = wanted;
  expect([answer.headers.get('width'), answer.headers.get('height')]).toEqual([
    String(width),
    String(height),
  ]);
  expect(digest(new Uint8Array(await answer.arrayBuffer()))).toBe(digest(wanted.data));
  for (const side of [96, 224]) {
    const resized = await service.post(`/?width=${String(side)}`, file);
    const pixels = new Uint8Array(await resized.arrayBuffer());
    expect(digest(pixels)).toBe(digest(resize(wanted, side, side).data));
  }
});
