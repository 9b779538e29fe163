/** What the Worker says to hold in wasm memories is what the engine cannot collect: nothing that was dropped stays. */

import { afterAll, beforeAll, expect, it } from 'vitest';
import { bytesHeld, collect, startCounting } from '../bench/alive.ts';
import { exchange } from '../bench/exchange.ts';
import type { Runtime } from '../bench/workerd.ts';
import { damagedPhoto } from './attacks.ts';
import { encodeJpeg, encodeWebp, photoJpeg, turned } from './images.ts';

let runtime: Runtime;

beforeAll(async () => {
  runtime = await startCounting();
}, 30_000);

afterAll(() => runtime.stop());

const post = async (body: Uint8Array, query = ''): Promise<number> =>
  (await exchange(`${runtime.url}/v1/classify${query}`, body)).status;

it('after images that decoders grow for and are dropped, the first of all among them', async () => {
  const photo = await photoJpeg(160, 120);
  const files = [
    await encodeJpeg(2000, 1500),
    photo,
    await encodeWebp(2000, 1500),
    ...Array.from({ length: 5 }, (_, seed) => damagedPhoto(photo, seed)),
    photo,
  ];
  const statuses: number[] = [];
  let made = 0;
  for (const file of files) {
    statuses.push(await post(file));
    const found = await collect(runtime);
    expect(found.bytes).toBe(await bytesHeld(runtime));
    ({ made } = found);
  }
  expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(4);
  expect(statuses.filter((status) => status === 422).length).toBeGreaterThanOrEqual(1);
  // A self-test, a model and three decoders at least.
  expect(made).toBeGreaterThanOrEqual(5);
});

it('after models that were evicted for the sake of an image', async () => {
  for (const precision of ['float32', 'int16', 'int8']) {
    expect(await post(await photoJpeg(80, 60), `?model=large&precision=${precision}`)).toBe(200);
  }
  const { alive } = await collect(runtime);
  expect(await post(turned(await encodeJpeg(2450, 1600, { progressive: true }), 6))).toBe(200);
  const found = await collect(runtime);
  expect(found.alive).toBeLessThan(alive - 1);
  expect(found.bytes).toBe(await bytesHeld(runtime));
});
