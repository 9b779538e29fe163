/** The Worker around one model file: a photo's classes are the reference's. */

import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { compileModule } from '../../fastpath/module/index.ts';
import { imageToInput, interpreter } from '../../reference/index.ts';
import { dequantizedOutputs } from '../../tools/evaluation/outputs.ts';
import { decodeImage } from '../../tools/images/decode.ts';
import { kernelsPath } from '../../tools/kernels.ts';
import { loadModel } from '../../tools/models.ts';
import { images } from './images.ts';
import { startService } from './service.ts';

const graph = loadModel({ model: 'small', precision: 'int8' });
const model = compileModule(graph, readFileSync(kernelsPath())).bytes;
const service = await startService({}, 'one-file/index.ts', { 'model.wasm': model });

it.each(await images())('%s', async (_name, file) => {
  const input = imageToInput(graph, await decodeImage(file));
  const [scores = []] = dequantizedOutputs(interpreter(graph).run([input]).outputs);
  const wanted = graph.labels
    .map((label, i) => ({ label, score: scores[i] ?? NaN }))
    .sort((a, b) => b.score - a.score);
  const answer = await service.post('/', file);
  expect([answer.status, await answer.json()]).toEqual([200, wanted]);
});

it('refuses what is no photo, and what is not POSTed', async () => {
  const text = await service.post('/', 'hello');
  expect([text.status, await text.json()]).toEqual([
    400,
    { error: 'Expected a JPEG, PNG or WebP image but found a file that begins with 68 65 6c 6c' },
  ]);
  const get = await service.fetch('/');
  expect([get.status, get.headers.get('allow'), await get.json()]).toEqual([
    405,
    'POST',
    { error: 'Expected a photo as POST' },
  ]);
  const large = await service.post('/', new Uint8Array(7 * 2 ** 20));
  expect([large.status, await large.json()]).toEqual([
    413,
    { error: 'Expected at most 6291456 bytes but found 7340032' },
  ]);
});
