/** The OpenAPI document of the API, and a page that one can read. */

import { CATALOGUE_AGE, MAX_BODY_BYTES, MAX_JSON_BYTES, MAX_PIXELS } from '../src/limits.ts';
import { precisions } from '../src/models/entry.ts';
import { DEFAULT_TOP } from '../src/routes/v1.ts';

const ref = (name: string): object => ({ $ref: `#/components/schemas/${name}` });
const json = (schema: object, description: string): object => ({
  description,
  content: { 'application/json': { schema } },
});

const texts: Readonly<Record<number, string>> = {
  400: 'Something in the request is not as it should be.',
  401: 'The service asks for a token.',
  404: 'There is no such model.',
  408: 'The body did not come in time.',
  413: 'More bytes, pixels or values than the limits.',
  415: 'No JPEG, PNG or WebP image.',
  422: 'An image that is damaged.',
  503: 'No room at the moment, or a store that has no intact Program.',
};

const errors = (...statuses: readonly number[]): object =>
  Object.fromEntries(
    statuses.map((status) => [String(status), json(ref('Error'), texts[status] ?? '')]),
  );

const query = (name: string, description: string, schema: object): object => ({
  name,
  in: 'query',
  description,
  schema,
});

const inPath = (
  name: string,
  description: string,
  schema: object = { type: 'string' },
): object => ({
  name,
  in: 'path',
  required: true,
  description,
  schema,
});

const precision = { type: 'string', enum: [...precisions] };
const model = inPath('model', 'Name of a model.');
const version = inPath('version', 'Precision of the model.', precision);
const binary = { schema: { type: 'string', format: 'binary' } };

function modelPaths(prefix: string, parameters: readonly object[]): object {
  return {
    [prefix]: {
      get: {
        tags: ['Open Inference Protocol'],
        summary: 'What a model takes and gives',
        parameters,
        responses: { 200: json(ref('ModelMetadata'), 'Metadata.'), ...errors(400, 404, 503) },
      },
    },
    [`${prefix}/ready`]: {
      get: {
        tags: ['Open Inference Protocol'],
        summary: 'Whether there is such a model',
        parameters,
        responses: {
          200: json(
            {
              type: 'object',
              properties: { name: { type: 'string' }, ready: { type: 'boolean' } },
            },
            'It is loaded by the first request that needs it.',
          ),
          ...errors(400, 404),
        },
      },
    },
    [`${prefix}/infer`]: {
      post: {
        tags: ['Open Inference Protocol'],
        summary: 'Tensors to tensors',
        description: `JSON of at most ${String(MAX_JSON_BYTES)} bytes. With the header Inference-Header-Content-Length, so many bytes of JSON and raw little-endian tensors after them (the binary tensor extension).`,
        security: [{}, { token: [] }],
        parameters,
        requestBody: {
          required: true,
          content: {
            'application/json': { schema: ref('InferenceRequest') },
            'application/octet-stream': binary,
          },
        },
        responses: {
          200: {
            description: 'Outputs, as JSON or with raw tensors after it.',
            content: {
              'application/json': { schema: ref('InferenceResponse') },
              'application/octet-stream': binary,
            },
          },
          ...errors(400, 401, 404, 408, 413, 503),
        },
      },
    },
  };
}

const header = (description: string): object => ({ description, schema: { type: 'string' } });
const tensor = (more: object): object => ({
  type: 'object',
  required: ['name', 'shape', 'datatype'],
  properties: {
    name: { type: 'string' },
    shape: { type: 'array', items: { type: 'integer' } },
    datatype: { type: 'string', enum: ['FP32', 'INT16', 'INT8', 'UINT8'] },
    parameters: { type: 'object' },
    ...more,
  },
});

const data = { data: { type: 'array', description: 'Numbers, flat or nested as the shape is.' } };

export function openApiDocument(): object {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Plumbline',
      version: '1',
      description: `An image to a class. Images: JPEG, PNG or WebP of at most ${String(MAX_BODY_BYTES)} bytes and ${String(MAX_PIXELS)} pixels. Errors are { "error": text }.`,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    paths: {
      '/v1/classify': {
        post: {
          tags: ['Images'],
          summary: 'An image to its classes',
          description: 'The image is the body, or the first file of a form.',
          security: [{}, { token: [] }],
          parameters: [
            query('model', 'Name of a model.', { type: 'string', default: 'small' }),
            query('precision', 'Arithmetic of the network.', { ...precision, default: 'int8' }),
            query('top', 'How many classes, best first.', {
              type: 'integer',
              minimum: 1,
              maximum: 1000,
              default: DEFAULT_TOP,
            }),
          ],
          requestBody: {
            required: true,
            content: {
              'image/jpeg': binary,
              'image/png': binary,
              'image/webp': binary,
              'multipart/form-data': {
                schema: {
                  type: 'object',
                  properties: { image: { type: 'string', format: 'binary' } },
                },
              },
            },
          },
          responses: {
            200: {
              ...json({ type: 'array', items: ref('Score') }, 'The classes, best first.'),
              headers: {
                'X-Plumbline-Model': header('The model.'),
                'X-Plumbline-Precision': header('Its precision.'),
                'X-Plumbline-Variant': header('Variant of the kernels: relaxed or simd.'),
                'X-Plumbline-Cache': header(
                  'Where the model was: hit (loaded), embedded, assets, cache, kv or r2.',
                ),
                'Server-Timing': header(
                  'Milliseconds of body, load, decode, resize and inference. In production, clocks stand still while a Worker computes.',
                ),
              },
            },
            ...errors(400, 401, 404, 408, 413, 415, 422, 503),
          },
        },
      },
      '/v1/models': {
        get: {
          tags: ['Images'],
          summary: 'The models, and the limits of images',
          description: `What a store lists is read anew every ${String(CATALOGUE_AGE / 1000)} seconds.`,
          responses: {
            200: json(
              {
                type: 'object',
                properties: {
                  models: { type: 'array', items: ref('Model') },
                  limits: {
                    type: 'object',
                    properties: { bytes: { type: 'integer' }, pixels: { type: 'integer' } },
                  },
                },
              },
              'Models of all tiers.',
            ),
          },
        },
      },
      '/metrics': {
        get: {
          tags: ['Service'],
          summary: 'Counters of one isolate, for Prometheus',
          responses: {
            200: { description: 'Text format 0.0.4.', content: { 'text/plain': {} } },
          },
        },
      },
      '/v2': {
        get: {
          tags: ['Open Inference Protocol'],
          summary: 'The server',
          responses: { 200: json({ type: 'object' }, 'Name, version and extensions.') },
        },
      },
      '/v2/health/live': {
        get: {
          tags: ['Open Inference Protocol'],
          summary: 'Whether it answers',
          responses: { 200: json({ type: 'object' }, 'It does.') },
        },
      },
      '/v2/health/ready': {
        get: {
          tags: ['Open Inference Protocol'],
          summary: 'Whether its kernels pass their self-test',
          responses: { 200: json({ type: 'object' }, 'They do.') },
        },
      },
      ...modelPaths('/v2/models/{model}', [model]),
      ...modelPaths('/v2/models/{model}/versions/{version}', [model, version]),
    },
    components: {
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          description: 'Only where the service has a token.',
        },
      },
      schemas: {
        Error: {
          type: 'object',
          required: ['error'],
          properties: { error: { type: 'string' } },
        },
        Score: {
          type: 'object',
          required: ['label', 'score'],
          properties: {
            label: { type: 'string' },
            score: { type: 'number', description: 'A probability.' },
          },
        },
        Model: {
          type: 'object',
          properties: {
            name: { type: 'string' },
            precision,
            labels: { type: 'array', items: { type: 'string' } },
            input: {
              type: 'object',
              properties: { width: { type: 'integer' }, height: { type: 'integer' } },
            },
            bytes: { type: 'integer', description: 'Of the Program.' },
            memory: { type: 'integer', description: 'Bytes of wasm memory, once loaded.' },
            sha256: { type: 'string' },
            tier: { type: 'string', enum: ['embedded', 'assets', 'cache', 'kv', 'r2'] },
            loaded: { type: 'boolean', description: 'In the isolate that answers.' },
          },
        },
        ModelMetadata: {
          type: 'object',
          properties: {
            name: { type: 'string' },
            versions: { type: 'array', items: precision },
            platform: { type: 'string' },
            inputs: { type: 'array', items: tensor({}) },
            outputs: { type: 'array', items: tensor({}) },
          },
        },
        InferenceRequest: {
          type: 'object',
          required: ['inputs'],
          properties: {
            id: { type: 'string' },
            inputs: { type: 'array', items: tensor(data) },
            outputs: {
              type: 'array',
              items: {
                type: 'object',
                required: ['name'],
                properties: { name: { type: 'string' }, parameters: { type: 'object' } },
              },
            },
            parameters: { type: 'object' },
          },
        },
        InferenceResponse: {
          type: 'object',
          properties: {
            model_name: { type: 'string' },
            model_version: { type: 'string' },
            id: { type: 'string' },
            outputs: { type: 'array', items: tensor(data) },
          },
        },
      },
    },
  };
}

interface Operation {
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly description: string;
    readonly schema: object;
  }[];
  readonly responses: Readonly<Record<string, { readonly description: string }>>;
}

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** The document as a page in the style of the other one. */
export function openApiPage(): string {
  const { info, paths } = openApiDocument() as {
    readonly info: { readonly title: string; readonly description: string };
    readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  };
  const sections = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => section(path, method, operation)),
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Plumbline API</title>
<link rel="icon" href="/icon.svg">
<link rel="stylesheet" href="/style.css">
</head>
<body>
<main>
<h1>${escape(info.title)} API</h1>
<p>${escape(info.description)}</p>
<p><a href="/">The page</a>, <a href="/openapi.json">this as an OpenAPI document</a></p>
<pre><code>curl --data-binary @photo.jpg 'https://HOST/v1/classify?model=large&amp;top=3'</code></pre>
${sections.join('\n')}
</main>
</body>
</html>
`;
}

function section(path: string, method: string, operation: Operation): string {
  const { summary, description = '', parameters = [], responses } = operation;
  const rows = parameters.map(
    (each) =>
      `<tr><th scope="row">${escape(each.name)}</th><td>${escape(each.in)}</td><td>${escape(each.description)}</td><td><code>${escape(JSON.stringify(each.schema))}</code></td></tr>`,
  );
  const answers = Object.entries(responses).map(
    ([status, answer]) =>
      `<tr><th scope="row">${status}</th><td>${escape(answer.description)}</td></tr>`,
  );
  const table =
    rows.length === 0
      ? ''
      : `<div class="scroll" role="region" tabindex="0" aria-label="Parameters of ${escape(path)}"><table><caption>Parameters</caption>${rows.join('')}</table></div>`;
  return `<section>
<h2><code>${method.toUpperCase()} ${escape(path)}</code></h2>
<p>${escape(summary)}. ${escape(description)}</p>
${table}
<div class="scroll" role="region" tabindex="0" aria-label="Answers of ${escape(path)}"><table><caption>Answers</caption>${answers.join('')}</table></div>
</section>`;
}
