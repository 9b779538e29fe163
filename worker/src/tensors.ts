/** Tensors of the Open Inference Protocol (KServe v2), as JSON and as raw little-endian bytes. */

import * as z from 'zod/mini';
import type { Elements, FastPath } from '../../fastpath/runtime/index.ts';
import { HttpError } from './errors.ts';
import { MAX_JSON_BYTES, MAX_JSON_LISTS, MAX_JSON_VALUES } from './limits.ts';

type ProgramTensor = FastPath['description']['inputs'][number];

export const datatypes = { float32: 'FP32', int16: 'INT16', int8: 'INT8', uint8: 'UINT8' } as const;

const elementTypes = {
  float32: Float32Array,
  int16: Int16Array,
  int8: Int8Array,
  uint8: Uint8Array,
} as const;

const ranges = {
  float32: [-Infinity, Infinity],
  int16: [-32768, 32767],
  int8: [-128, 127],
  uint8: [0, 255],
} as const;

const parameters = z.optional(z.record(z.string(), z.unknown()));

const input = z.object({
  name: z.string(),
  shape: z.array(z.int().check(z.nonnegative())).check(z.maxLength(16)),
  datatype: z.string(),
  parameters,
  data: z.optional(z.array(z.unknown())),
});

const output = z.object({ name: z.string(), parameters });

const inferenceRequest = z.object({
  id: z.optional(z.string().check(z.maxLength(1000))),
  inputs: z.array(input).check(z.minLength(1), z.maxLength(16)),
  outputs: z.optional(z.array(output).check(z.maxLength(16))),
  parameters,
});

type Input = z.infer<typeof input>;
type Output = z.infer<typeof output>;

/** A request, its JSON parsed, with the bytes that follow it. */
export interface InferenceRequest extends z.infer<typeof inferenceRequest> {
  readonly binary: Uint8Array;
}

const OPEN_LIST = 0x5b;
const OPEN_OBJECT = 0x7b;
const COMMA = 0x2c;

/**
 * Parses a body: JSON, or JSON of `headerBytes` and raw tensors after it.
 *
 * @throws {HttpError} 400 for another, 413 for JSON whose values would take too much memory
 */
export function parseInference(
  body: Uint8Array,
  headerBytes: number | undefined,
): InferenceRequest {
  const length = headerBytes ?? body.length;
  if (length > body.length) {
    throw new HttpError(
      400,
      `Expected JSON of ${String(length)} bytes but the body has ${String(body.length)}`,
    );
  }
  const json = body.subarray(0, length);
  checkSize(json);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(json));
  } catch (error) {
    throw new HttpError(400, 'Expected JSON but it does not parse', { cause: error });
  }
  const result = inferenceRequest.safeParse(value);
  if (!result.success) {
    const [issue] = result.error.issues;
    const place = (issue?.path ?? []).map(String).join('.').slice(0, 200);
    throw new HttpError(
      400,
      `Expected an inference request. ${place}: ${issue?.message ?? 'Invalid'}`,
    );
  }
  return { ...result.data, binary: body.subarray(length) };
}

/** Counts what would become values before there are any. */
function checkSize(json: Uint8Array): void {
  if (json.length > MAX_JSON_BYTES) {
    throw new HttpError(
      413,
      `Expected at most ${String(MAX_JSON_BYTES)} bytes of JSON but found ${String(json.length)}`,
    );
  }
  let lists = 0;
  let values = 0;
  for (const byte of json) {
    if (byte === COMMA) values += 1;
    else if (byte === OPEN_LIST || byte === OPEN_OBJECT) lists += 1;
  }
  if (lists > MAX_JSON_LISTS || values > MAX_JSON_VALUES) {
    throw new HttpError(
      413,
      `Expected JSON of at most ${String(MAX_JSON_LISTS)} lists and ${String(MAX_JSON_VALUES)} values but found more`,
    );
  }
}

/**
 * The inputs of a request in the order of a model's.
 *
 * @throws {HttpError} 400 for inputs that are not those of the model
 */
export function inputsOf(
  request: InferenceRequest,
  description: FastPath['description'],
): readonly Elements[] {
  const found = new Map<string, Elements>();
  let at = 0;
  for (const given of request.inputs) {
    const tensor = description.inputs.find(({ name }) => name === given.name);
    if (tensor === undefined || found.has(given.name)) {
      const names = description.inputs.map(({ name }) => name).join(', ');
      throw bad(given, `to be one of ${names}, once each, but found another`);
    }
    checkTensor(given, tensor);
    const { binary_data_size: size } = given.parameters ?? {};
    if (size === undefined) {
      found.set(given.name, elementsOf(given, tensor));
    } else {
      found.set(given.name, rawElements(given, tensor, request.binary.subarray(at), size));
      at += Number(size);
    }
  }
  if (at !== request.binary.length) {
    throw new HttpError(
      400,
      `Expected ${String(at)} bytes of tensors but found ${String(request.binary.length)}`,
    );
  }
  return description.inputs.map(({ name }) => {
    const elements = found.get(name);
    if (elements === undefined) throw new HttpError(400, `Expected input "${name}" but found none`);
    return elements;
  });
}

function bad({ name }: { readonly name: string }, text: string): HttpError {
  return new HttpError(400, `Expected input "${name.slice(0, 100)}" ${text}`);
}

function checkTensor(given: Input, { type, shape }: ProgramTensor): void {
  if (given.datatype !== datatypes[type]) {
    throw bad(given, `as ${datatypes[type]} but found ${given.datatype.slice(0, 100)}`);
  }
  if (given.shape.length !== shape.length || given.shape.some((each, i) => each !== shape[i])) {
    throw bad(given, `of shape [${shape.join(', ')}] but found [${given.shape.join(', ')}]`);
  }
}

function elementsOf(given: Input, { type, shape }: ProgramTensor): Elements {
  const elements = new elementTypes[type](shape.reduce((a, b) => a * b, 1));
  const [min, max] = ranges[type];
  let count = 0;
  // Lists may be nested as the shape is, or flat.
  const pending: { list: readonly unknown[]; at: number }[] = [{ list: given.data ?? [], at: 0 }];
  for (let top = pending.at(-1); top !== undefined; top = pending.at(-1)) {
    if (top.at === top.list.length) {
      pending.pop();
      continue;
    }
    const value = top.list[top.at++];
    if (Array.isArray(value) && pending.length < shape.length) {
      pending.push({ list: value, at: 0 });
      continue;
    }
    const number = typeof value === 'number' ? value : NaN;
    const whole = type === 'float32' || Number.isInteger(number);
    if (!whole || !(number >= min && number <= max)) {
      throw bad(given, `of numbers that are ${datatypes[type]} but found another value`);
    }
    if (count < elements.length) elements[count] = number;
    count += 1;
  }
  if (count !== elements.length) {
    throw bad(given, `of ${String(elements.length)} elements but found ${String(count)}`);
  }
  return elements;
}

function rawElements(
  given: Input,
  { type, shape }: ProgramTensor,
  bytes: Uint8Array,
  size: unknown,
): Elements {
  const wanted = shape.reduce((a, b) => a * b, 1) * elementTypes[type].BYTES_PER_ELEMENT;
  if (size !== wanted || bytes.length < wanted) {
    const found = size === wanted ? bytes.length : size;
    throw bad(given, `of ${String(wanted)} bytes but found ${JSON.stringify(found).slice(0, 100)}`);
  }
  if (given.data !== undefined) throw bad(given, 'as data or as bytes but found both');
  // A copy, which is aligned; all engines with wasm SIMD are little-endian.
  return new elementTypes[type](bytes.slice(0, wanted).buffer);
}

/** An answer: its JSON, and the raw tensors after it, if any were asked for. */
export interface InferenceAnswer {
  readonly json: Uint8Array;
  readonly binary: readonly Uint8Array[];
}

/** @throws {HttpError} 400 for outputs that the model has not */
export function answerOf(
  request: InferenceRequest,
  model: { readonly name: string; readonly version: string },
  description: FastPath['description'],
  outputs: readonly Elements[],
): InferenceAnswer {
  const every = request.parameters?.['binary_data_output'] === true;
  const wanted: readonly Output[] =
    request.outputs ?? description.outputs.map(({ name }) => ({ name }));
  const binary: Uint8Array[] = [];
  const tensors = wanted.map((asked) => {
    const position = description.outputs.findIndex(({ name }) => name === asked.name);
    const tensor = description.outputs[position];
    const elements = outputs[position];
    if (tensor === undefined || elements === undefined) {
      const names = description.outputs.map(({ name }) => name).join(', ');
      throw new HttpError(
        400,
        `Expected outputs of ${names} but found "${asked.name.slice(0, 100)}"`,
      );
    }
    const { name, shape, type } = tensor;
    const own = asked.parameters?.['binary_data'];
    const head = { name, shape, datatype: datatypes[type] };
    if (!(own === undefined ? every : own === true)) {
      return { ...head, data: Array.from(elements) };
    }
    binary.push(new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength));
    return { ...head, parameters: { binary_data_size: elements.byteLength } };
  });
  const { id } = request;
  const answer = {
    model_name: model.name,
    model_version: model.version,
    ...(id === undefined ? {} : { id }),
    outputs: tensors,
  };
  return { json: new TextEncoder().encode(JSON.stringify(answer)), binary };
}
