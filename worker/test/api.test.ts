/** The API for images: answers, limits, errors, secrets. */

import { describe, expect, it } from 'vitest';
import { pngChunk, pngFile, pngHeader } from '../../tools/test/png-writer.ts';
import { MAX_BODY_BYTES, MAX_PIXELS } from '../src/limits.ts';
import { precisions } from '../src/models/entry.ts';
import { photos, scoresInNode } from './node.ts';
import { startService } from './service.ts';

const service = await startService();
const [photo = new Uint8Array(0), plane = new Uint8Array(0)] = photos;

async function errorOf(answer: { status: number; json: () => Promise<unknown> }): Promise<unknown> {
  return [answer.status, await answer.json()];
}

describe('/v1/classify', () => {
  it.each([
    ['small', 'float32'],
    ['small', 'int16'],
    ['small', 'int8'],
    ['large', 'int8'],
  ] as const)('answers as the command line does: %s %s', async (model, precision) => {
    for (const image of photos) {
      const query = `model=${model}&precision=${precision}&top=10`;
      const answer = await service.post(`/v1/classify?${query}`, image);
      expect(answer.status).toBe(200);
      expect(await answer.json()).toEqual(await scoresInNode(model, precision, image));
      expect(answer.headers.get('x-plumbline-model')).toBe(model);
      expect(answer.headers.get('x-plumbline-precision')).toBe(precision);
      expect(answer.headers.get('x-plumbline-variant')).toBe('relaxed');
    }
  });

  it('takes small int8 and five classes unless asked for others', async () => {
    const answer = await service.post('/v1/classify', photo);
    expect(await answer.json()).toEqual(await scoresInNode('small', 'int8', photo));
    const large = await service.post('/v1/classify?model=large', photo);
    expect(await large.json()).toEqual((await scoresInNode('large', 'int8', photo)).slice(0, 5));
  });

  it('says where the model was and how long each stage took', async () => {
    const fresh = await startService({}, 'src/small.ts');
    const caches = [];
    for (let i = 0; i < 2; i++) {
      const answer = await fresh.post('/v1/classify', photo);
      caches.push(answer.headers.get('x-plumbline-cache'));
      expect(answer.headers.get('server-timing')).toMatch(
        /^body;dur=[\d.]+, load;dur=[\d.]+, decode;dur=[\d.]+, resize;dur=[\d.]+, inference;dur=[\d.]+$/,
      );
    }
    expect(caches).toEqual(['embedded', 'hit']);
    const missing = await fresh.post('/v1/classify?model=large', photo);
    expect(await errorOf(missing)).toEqual([
      404,
      { error: 'Expected one of small int8 but found large int8' },
    ]);
  });

  it('takes forms', async () => {
    const form = new FormData();
    form.append('note', 'not this one');
    form.append('image', new Blob([plane as Uint8Array<ArrayBuffer>]), 'plane.jpg');
    const body = new Response(form);
    const type = body.headers.get('content-type') ?? '';
    const bytes = new Uint8Array(await body.arrayBuffer());
    const answer = await service.post('/v1/classify', bytes, { 'content-type': type });
    expect(await answer.json()).toEqual(await scoresInNode('small', 'int8', plane));
    const empty = await service.post('/v1/classify', '--b--\r\n', {
      'content-type': 'multipart/form-data; boundary=b',
    });
    expect(await errorOf(empty)).toEqual([
      400,
      { error: 'Expected a form with a file but found none' },
    ]);
  });

  it('takes bodies of unknown length', async () => {
    const body = new ReadableStream({
      start(controller) {
        for (let at = 0; at < photo.length; at += 10_000) {
          controller.enqueue(photo.subarray(at, at + 10_000));
        }
        controller.close();
      },
    });
    const answer = await service.fetch('/v1/classify', {
      method: 'POST',
      body,
      duplex: 'half',
    } as RequestInit);
    expect(await answer.json()).toEqual(await scoresInNode('small', 'int8', photo));
    // Short of where the rest is no longer read: beyond, the connection ends, and who writes may not hear why.
    const long = new ReadableStream({
      start(controller) {
        for (let at = 0; at < MAX_BODY_BYTES + 2 ** 20; at += 2 ** 20) {
          controller.enqueue(new Uint8Array(2 ** 20));
        }
        controller.close();
      },
    });
    const refused = await service.fetch('/v1/classify', {
      method: 'POST',
      body: long,
      duplex: 'half',
    } as RequestInit);
    expect(await errorOf(refused)).toEqual([
      413,
      { error: `Expected at most ${String(MAX_BODY_BYTES)} bytes but found more` },
    ]);
  });

  it.each<readonly [string, string, Uint8Array | string, number, string]>([
    ['no body', '', '', 400, 'Expected an image but found an empty body'],
    [
      'text',
      '',
      'hello',
      415,
      'Expected a JPEG, PNG or WebP image but found a file that begins with 68 65 6c 6c',
    ],
    [
      'half a photo',
      '',
      photo.subarray(0, 50_000),
      422,
      'Expected a complete JPEG but the file ends before its end-of-image marker',
    ],
    [
      'more bytes than allowed',
      '',
      new Uint8Array(MAX_BODY_BYTES + 1),
      413,
      'Expected at most 6291456 bytes but found 6291457',
    ],
    [
      'more pixels than allowed',
      '',
      pngFile(pngHeader(4000, 3000, 8, 2), pngChunk('IDAT', new Uint8Array(9))),
      413,
      `Expected an image of 1 to ${String(MAX_PIXELS)} pixels but found 4000 x 3000`,
    ],
    [
      'an unknown model',
      '?model=huge',
      photo,
      404,
      'Expected one of small float32, small int16, small int8, large int8 but found huge int8',
    ],
    [
      'a model that is no name',
      '?model=../x',
      photo,
      400,
      'Expected model to be a name but found "../x"',
    ],
    [
      'an unknown precision',
      '?precision=int4',
      photo,
      400,
      'Expected precision to be float32, int16, int8 but found "int4"',
    ],
    [
      'no number of classes',
      '?top=0',
      photo,
      400,
      'Expected top to be an integer in [1, 1000] but found "0"',
    ],
  ])('refuses %s', async (_name, query, body, status, error) => {
    const answer = await service.post(`/v1/classify${query}`, body);
    expect(await errorOf(answer)).toEqual([status, { error }]);
  });

  it('refuses other methods and routes', async () => {
    const get = await service.fetch('/v1/classify');
    expect(await errorOf(get)).toEqual([405, { error: 'Expected POST' }]);
    expect(get.headers.get('allow')).toBe('POST');
    expect(await errorOf(await service.fetch('/v1/nothing'))).toEqual([
      404,
      { error: 'Expected a route of /openapi.json but found /v1/nothing' },
    ]);
  });
});

describe('a token', async () => {
  const guarded = await startService({ bindings: { API_TOKEN: 'open sesame' } }, 'src/small.ts');

  it.each([
    ['/v1/classify', undefined, 401],
    ['/v1/classify', 'Bearer open', 401],
    ['/v1/classify', 'open sesame', 401],
    ['/v1/classify', 'Bearer open sesame', 200],
    ['/v2/models/small/infer', undefined, 401],
    ['/v2/models/small/versions/int8/infer', 'Bearer other', 401],
    ['/v2/models/small/infer', 'Bearer open sesame', 400],
  ])('%s with %s: %i', async (path, authorization, status) => {
    const headers = authorization === undefined ? {} : { authorization };
    const answer = await guarded.post(path, photo, headers);
    expect(answer.status).toBe(status);
    await answer.arrayBuffer();
    if (status === 401) expect(answer.headers.get('www-authenticate')).toBe('Bearer');
  });
});

describe('origins', async () => {
  const open = await startService(
    { bindings: { CORS_ORIGINS: 'https://a.example, https://b.example' } },
    'src/small.ts',
  );

  it('are refused unless configured', async () => {
    const headers = { origin: 'https://a.example' };
    const answer = await service.fetch('/v1/models', { headers });
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    const preflight = await service.fetch('/v1/classify', { method: 'OPTIONS', headers });
    expect(preflight.status).toBe(405);
  });

  it.each([
    ['https://a.example', 'https://a.example'],
    ['https://b.example', 'https://b.example'],
    ['https://c.example', null],
  ])('%s', async (origin, allowed) => {
    const answer = await open.post('/v1/classify', 'x', { origin });
    expect(answer.status).toBe(415);
    expect(answer.headers.get('access-control-allow-origin')).toBe(allowed);
    const preflight = await open.fetch('/v1/classify', { method: 'OPTIONS', headers: { origin } });
    expect(preflight.headers.get('access-control-allow-origin')).toBe(allowed);
  });
});

describe('/v1/models', () => {
  it('lists models, sizes and limits', async () => {
    const list = (await (await service.fetch('/v1/models')).json()) as {
      models: { name: string; precision: string; labels: string[]; tier: string; memory: number }[];
      limits: unknown;
    };
    const names = list.models.map(({ name, precision }) => `${name} ${precision}`);
    expect(names).toEqual([...precisions.map((each) => `small ${each}`), 'large int8']);
    expect(list.models[0]).toMatchObject({
      labels: ['no person', 'person'],
      input: { width: 96, height: 96 },
      tier: 'embedded',
    });
    expect(list.limits).toEqual({ bytes: MAX_BODY_BYTES, pixels: MAX_PIXELS });
  });
});

describe('/metrics', () => {
  it('counts answers and memory in the text format of Prometheus', async () => {
    const answer = await service.fetch('/metrics');
    const text = await answer.text();
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(text).toMatch(/^plumbline_requests_total\{route="\/v1\/classify",status="200"\} \d+$/m);
    expect(text).toMatch(/^plumbline_refused_images_total\{reason="damaged"\} 1$/m);
    expect(text).toMatch(/^plumbline_models_loaded [1-4]$/m);
    for (const line of text.trimEnd().split('\n')) {
      expect(line).toMatch(
        /^(# (HELP|TYPE) plumbline_\w+ .+|plumbline_\w+(\{[^{}]*\})? \d+(\.\d+)?)$/,
      );
    }
  });
});
