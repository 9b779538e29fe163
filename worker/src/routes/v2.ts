/** The Open Inference Protocol (KServe v2): models by name, precisions as versions. */

import { onlyMethod, type App, type Call } from '../app.ts';
import { authorize } from '../auth.ts';
import { withBody } from '../body.ts';
import { HttpError } from '../errors.ts';
import type { ModelEntry, Precision } from '../models/entry.ts';
import { answerOf, datatypes, inputsOf, parseInference } from '../tensors.ts';
import { describe, modelName, parse, precisionName } from './v1.ts';

const HEADER_LENGTH = 'Inference-Header-Content-Length';
/** Where a path names no version. */
const DEFAULT_VERSION: Precision = 'int8';

export function addV2(app: App): void {
  const get = (path: string, answer: (call: Call) => Response | Promise<Response>): void => {
    app.get(path, answer);
    onlyMethod(app, path, 'GET');
  };
  get('/v2', (call) =>
    call.json({ name: 'plumbline', version: '1', extensions: ['binary_tensor_data'] }),
  );
  get('/v2/health/live', (call) => call.json({ live: true }));
  get('/v2/health/ready', async (call) => {
    await call.get('service').engine.ready();
    return call.json({ ready: true });
  });
  for (const model of ['/v2/models/:model', '/v2/models/:model/versions/:version']) {
    get(model, metadata);
    get(`${model}/ready`, ready);
    app.post(`${model}/infer`, infer);
    onlyMethod(app, `${model}/infer`, 'POST');
  }
}

async function modelOf(call: Call): Promise<ModelEntry> {
  const name = parse(modelName, call.req.param('model'));
  const version = parse(precisionName, call.req.param('version') ?? DEFAULT_VERSION);
  return call.get('service').source.find(name, version);
}

async function metadata(call: Call): Promise<Response> {
  const { source, engine } = call.get('service');
  const entry = await modelOf(call);
  const { inputs, outputs } = await engine.describe(entry);
  const versions = (await source.list())
    .filter(({ name }) => name === entry.name)
    .map(({ precision }) => precision);
  const tensors = (list: typeof inputs): object[] =>
    list.map(({ name, type, shape, scale, zeroPoint }) => ({
      name,
      datatype: datatypes[type],
      shape,
      ...(scale === undefined ? {} : { parameters: { scale, zero_point: zeroPoint ?? 0 } }),
    }));
  return call.json({
    name: entry.name,
    versions,
    platform: 'plumbline',
    inputs: tensors(inputs),
    outputs: tensors(outputs),
  });
}

/** Ready is what can be loaded: it is loaded by the first request. */
async function ready(call: Call): Promise<Response> {
  const { name } = await modelOf(call);
  return call.json({ name, ready: true });
}

async function infer(call: Call): Promise<Response> {
  const { engine, bodies, settings } = call.get('service');
  const request = call.req.raw;
  const start = performance.now();
  await authorize(request, settings.API_TOKEN);
  const entry = await modelOf(call);
  const headerBytes = headerLength(request);
  return withBody(request, bodies, async (body) => {
    const received = performance.now();
    const parsed = parseInference(body, headerBytes);
    const result = await engine.run(entry, (description) => inputsOf(parsed, description));
    const model = { name: entry.name, version: entry.precision };
    const { json, binary } = answerOf(parsed, model, result.description, result.outputs);
    describe(call, entry, result, received - start);
    if (binary.length === 0) {
      return call.body(json as Uint8Array<ArrayBuffer>, 200, {
        'Content-Type': 'application/json',
      });
    }
    const whole = new Blob([json, ...binary] as Uint8Array<ArrayBuffer>[]);
    return call.body(await whole.arrayBuffer(), 200, {
      'Content-Type': 'application/octet-stream',
      [HEADER_LENGTH]: String(json.length),
    });
  });
}

function headerLength(request: Request): number | undefined {
  const header = request.headers.get(HEADER_LENGTH);
  if (header === null) return undefined;
  if (!/^\d{1,9}$/.test(header)) {
    throw new HttpError(400, `Expected ${HEADER_LENGTH} to be an integer but found another value`);
  }
  return Number(header);
}
