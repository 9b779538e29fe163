/** The API for images: `[{ label, score }]`, as Hugging Face and Workers AI answer. */

import * as z from 'zod/mini';
import { onlyMethod, limits, type App, type Call } from '../app.ts';
import {
  authorize,
  CACHE_HEADER,
  MODEL_HEADER,
  PRECISION_HEADER,
  VARIANT_HEADER,
} from '../auth.ts';
import { imageOf, withBody } from '../body.ts';
import type { Result } from '../engine.ts';
import { HttpError } from '../errors.ts';
import { NAME_PATTERN, precisions, type ModelEntry, type Precision } from '../models/entry.ts';
import { scoresOf } from '../scores.ts';

export const DEFAULT_TOP = 5;
const MAX_TOP = 1000;

const shown = (input: unknown): string => JSON.stringify(input).slice(0, 100);

/** What names a model: of queries and of paths. */
export const modelName = z.string().check(
  z.regex(NAME_PATTERN, {
    error: ({ input }) => `Expected model to be a name but found ${shown(input)}`,
  }),
);
export const precisionName = z.enum(precisions, {
  error: ({ input }) =>
    `Expected precision to be ${precisions.join(', ')} but found ${shown(input)}`,
});

const query = z.object({
  model: z._default(modelName, 'small'),
  precision: z._default(precisionName, 'int8'),
  top: z._default(
    z.pipe(
      z.string().check(
        z.regex(/^[1-9]\d{0,3}$/, {
          error: ({ input }) =>
            `Expected top to be an integer in [1, ${String(MAX_TOP)}] but found ${shown(input)}`,
        }),
      ),
      z.transform(Number),
    ),
    DEFAULT_TOP,
  ),
});

/** @throws {HttpError} 400 with the first thing that does not fit */
export function parse<T>(schema: z.ZodMiniType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new HttpError(400, issue?.message ?? 'Invalid');
}

export function addV1(app: App): void {
  app.post('/v1/classify', classify);
  onlyMethod(app, '/v1/classify', 'POST');
  app.get('/v1/models', models);
  onlyMethod(app, '/v1/models', 'GET');
  app.get('/metrics', metrics);
  onlyMethod(app, '/metrics', 'GET');
}

async function classify(call: Call): Promise<Response> {
  const service = call.get('service');
  const request = call.req.raw;
  const start = performance.now();
  await authorize(request, service.settings.API_TOKEN);
  const { model, precision, top } = parse(query, call.req.query());
  const entry = await service.source.find(model, precision);
  return withBody(request, service.bodies, async (body) => {
    const received = performance.now();
    const result = await service.engine.classify(entry, imageOf(request, body));
    const scores = scoresOf(result, top);
    describe(call, entry, result, received - start);
    return call.json(scores);
  });
}

/** What an answer says of how it came about. */
export function describe(call: Call, entry: ModelEntry, result: Result, body: number): void {
  const { load, decode, resize, inference } = result.timings;
  call.header(MODEL_HEADER, entry.name);
  call.header(PRECISION_HEADER, entry.precision);
  call.header(VARIANT_HEADER, result.variant);
  call.header(CACHE_HEADER, result.cache);
  const stages = Object.entries({ body, load, decode, resize, inference });
  call.header(
    'Server-Timing',
    stages.map(([name, time]) => `${name};dur=${time.toFixed(2)}`).join(', '),
  );
}

async function models(call: Call): Promise<Response> {
  const { source, engine } = call.get('service');
  const list = await source.list();
  return call.json({
    models: list.map((entry) => ({
      name: entry.name,
      precision: entry.precision satisfies Precision,
      labels: entry.labels,
      input: { width: entry.width, height: entry.height },
      bytes: entry.bytes,
      memory: entry.memory,
      sha256: entry.sha256,
      tier: entry.tier,
      loaded: engine.cache.has(entry.sha256),
    })),
    limits,
  });
}

function metrics(call: Call): Response {
  const { metrics: counters, engine, bodies } = call.get('service');
  const text = counters.text({
    models_loaded: [engine.cache.size, 'Models that are loaded.'],
    models_bytes: [engine.cache.modelBytes, 'Wasm memory of loaded models.'],
    decoders_bytes: [engine.decoderBytes, 'Wasm memory of image decoders.'],
    work_bytes: [engine.cache.bytes, 'Memory of models, decoders and what is under way.'],
    bodies_bytes: [bodies.used, 'Memory of bodies.'],
  });
  return call.body(text, 200, { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' });
}
