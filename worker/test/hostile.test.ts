/** Hostile images: each is answered as it deserves, and the next good one as ever; memory stays within its budget. */

import { describe, expect, it } from 'vitest';
import { WORK_BYTES } from '../src/limits.ts';
import { attacks, damagedPhoto } from './attacks.ts';
import { encodeJpeg } from './images.ts';
import { photos, scoresInNode } from './node.ts';
import { startService } from './service.ts';

const service = await startService({}, 'src/small.ts');
const good = await encodeJpeg(160, 120);
const wanted = await scoresInNode('small', 'int8', good);
const [photo = new Uint8Array(0)] = photos;

async function gauge(name: string): Promise<number> {
  const text = await (await service.fetch('/metrics')).text();
  return Number(new RegExp(`^plumbline_${name} (\\d+)$`, 'm').exec(text)?.[1]);
}

async function expectGood(): Promise<void> {
  const answer = await service.post('/v1/classify', good);
  expect([answer.status, await answer.json()]).toEqual([200, wanted]);
}

describe('one by one', async () => {
  it.each(await attacks())('$name: $status', async ({ file, status }) => {
    const start = performance.now();
    const answer = await service.post('/v1/classify', file);
    const body = (await answer.json()) as { error?: string };
    expect([answer.status, body]).toEqual([status, body]);
    if (status !== 200) expect(body.error).toMatch(/^Expected .*[^.]$/);
    // Not a bar of speed: what is not bounded takes minutes.
    expect(performance.now() - start).toBeLessThan(20_000);
    await expectGood();
    expect(await gauge('work_bytes')).toBeLessThanOrEqual(WORK_BYTES);
    expect(await gauge('bodies_bytes')).toBe(0);
  });
});

describe('together', () => {
  it('a hundred damaged photos leave decoders and memory as they were', async () => {
    await expectGood();
    const before = await gauge('work_bytes');
    const statuses = new Set<number>();
    for (let seed = 0; seed < 100; seed++) {
      const answer = await service.post('/v1/classify', damagedPhoto(photo, seed));
      statuses.add(answer.status);
      await answer.arrayBuffer();
    }
    expect([...statuses].filter((status) => status !== 200 && status !== 422)).toEqual([]);
    await expectGood();
    expect(await gauge('work_bytes')).toBe(before);
  });

  it('bad and good ones at once: every answer is that of its own image', async () => {
    const bad = (await attacks()).filter(({ file }) => file.length < 300_000);
    const work = Array.from({ length: 64 }, async (_, i) => {
      const attack = bad[i % bad.length];
      if (i % 2 === 0 || attack === undefined) return expectGood();
      const answer = await service.post('/v1/classify', attack.file);
      await answer.arrayBuffer();
      expect([attack.name, answer.status]).toEqual([attack.name, attack.status]);
    });
    await Promise.all(work);
  });
});
