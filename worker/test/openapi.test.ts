/** The OpenAPI document says what the Worker does. */

import { describe, expect, it } from 'vitest';
import { openApiDocument, openApiPage } from '../make/openapi.ts';
import { photos } from './node.ts';
import { startService, withAssets } from './service.ts';

const service = await startService(withAssets);
const [photo = new Uint8Array(0)] = photos;

interface Document {
  readonly paths: Readonly<
    Record<
      string,
      Readonly<Record<string, { readonly responses: Readonly<Record<string, unknown>> }>>
    >
  >;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

interface Schema {
  readonly type?: string;
  readonly $ref?: string;
  readonly enum?: readonly unknown[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

const document = openApiDocument() as Document;

/** As far as the document uses schemas; what an object has beyond its properties is a fault too. */
function faults(schema: Schema, value: unknown, place = ''): readonly string[] {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split('/').at(-1) ?? '';
    return faults(document.components.schemas[name] ?? {}, value, place);
  }
  if (schema.enum !== undefined && !schema.enum.includes(value))
    return [`${place}: not in the list`];
  const type = Array.isArray(value) ? 'array' : typeof value;
  const wanted = schema.type === 'integer' ? 'number' : schema.type;
  if (wanted !== undefined && wanted !== type) return [`${place}: ${type}`];
  if (Array.isArray(value)) {
    return value.flatMap((item, i) => faults(schema.items ?? {}, item, `${place}/${String(i)}`));
  }
  if (type !== 'object' || schema.properties === undefined) return [];
  const object = value as Readonly<Record<string, unknown>>;
  return [
    ...(schema.required ?? [])
      .filter((key) => !(key in object))
      .map((key) => `${place}/${key}: missing`),
    ...Object.entries(object).flatMap(([key, item]) => {
      const own = schema.properties?.[key];
      return own === undefined
        ? [`${place}/${key}: unknown`]
        : faults(own, item, `${place}/${key}`);
    }),
  ];
}

function schemaOf(path: string, method: string, status: number): Schema {
  const response = document.paths[path]?.[method]?.responses[String(status)] as
    { readonly content?: Readonly<Record<string, { readonly schema?: Schema }>> } | undefined;
  expect(response, `${method} ${path} ${String(status)}`).toBeDefined();
  return response?.content?.['application/json']?.schema ?? {};
}

describe('the document', () => {
  it('is served, and a page that shows all of its routes', async () => {
    const served = await service.fetch('/openapi.json');
    expect(await served.json()).toEqual(document);
    const page = await service.fetch('/docs');
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(await page.text()).toBe(openApiPage());
    for (const path of Object.keys(document.paths)) expect(openApiPage()).toContain(` ${path}<`);
  });

  const input = {
    name: 'image',
    shape: [1, 96, 96, 3],
    datatype: 'INT8',
    data: new Array<number>(27648).fill(1),
  };

  it.each<readonly [string, string, string, Uint8Array | string | undefined, number]>([
    ['/v1/classify', 'post', '/v1/classify', photo, 200],
    ['/v1/classify', 'post', '/v1/classify?top=x', photo, 400],
    ['/v1/classify', 'post', '/v1/classify?model=none', photo, 404],
    ['/v1/classify', 'post', '/v1/classify', 'text', 415],
    ['/v1/classify', 'post', '/v1/classify', photo.subarray(0, 9000), 422],
    ['/v1/models', 'get', '/v1/models', undefined, 200],
    ['/metrics', 'get', '/metrics', undefined, 200],
    ['/v2', 'get', '/v2', undefined, 200],
    ['/v2/health/live', 'get', '/v2/health/live', undefined, 200],
    ['/v2/health/ready', 'get', '/v2/health/ready', undefined, 200],
    ['/v2/models/{model}', 'get', '/v2/models/large', undefined, 200],
    ['/v2/models/{model}', 'get', '/v2/models/none', undefined, 404],
    ['/v2/models/{model}/ready', 'get', '/v2/models/small/ready', undefined, 200],
    [
      '/v2/models/{model}/infer',
      'post',
      '/v2/models/small/infer',
      JSON.stringify({ inputs: [input] }),
      200,
    ],
    ['/v2/models/{model}/infer', 'post', '/v2/models/small/infer', '{}', 400],
    [
      '/v2/models/{model}/versions/{version}',
      'get',
      '/v2/models/large/versions/float32',
      undefined,
      200,
    ],
    [
      '/v2/models/{model}/versions/{version}/ready',
      'get',
      '/v2/models/large/versions/int16/ready',
      undefined,
      200,
    ],
    [
      '/v2/models/{model}/versions/{version}/infer',
      'post',
      '/v2/models/small/versions/int8/infer',
      JSON.stringify({ inputs: [input] }),
      200,
    ],
  ])('%s %s: %s answers as described', async (path, method, url, body, status) => {
    const answer = body === undefined ? await service.fetch(url) : await service.post(url, body);
    expect(answer.status).toBe(status);
    const schema = schemaOf(path, method, status);
    const text = await answer.text();
    if (schema.type === undefined && schema.$ref === undefined) return;
    expect(faults(schema, JSON.parse(text))).toEqual([]);
  });
});

describe('static assets', () => {
  it('hold the Programs that are not embedded', async () => {
    const answer = await service.post('/v1/classify?model=large&precision=int16', photo);
    expect([answer.status, answer.headers.get('x-plumbline-cache')]).toEqual([200, 'assets']);
    await answer.arrayBuffer();
  });
});
