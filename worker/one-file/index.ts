/**
 * A Worker around one model file, build/model.wasm, that `plumbline compile --wasm` wrote: a photo (JPEG, PNG or WebP),
 * POSTed as it is, becomes the model's classes, likeliest first. Pixels and resize are the reference's.
 */

import jpeg from '@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm';
import webp from '@jsquash/webp/codec/dec/webp_dec.wasm';
import model from '../../build/model.wasm';
import type { Elements, ProgramTensor } from '../../fastpath/runtime/index.ts';
import { ImageError } from '../../images/container.ts';
import { ImageDecoder } from '../../images/decode.ts';
import type { Preprocessing } from '../../reference/graph/graph.ts';
import { pixelsToInput, resizeToInput } from '../../reference/preprocess/image-to-input.ts';
import { drain, withBody } from '../src/body.ts';
import { HttpError } from '../src/errors.ts';
import { Gate } from '../src/gate.ts';
import { BODIES_BYTES, MAX_PIXELS } from '../src/limits.ts';
import { scoresOf } from '../src/scores.ts';

interface Exports {
  readonly memory: WebAssembly.Memory;
  readonly input: WebAssembly.Global<'i32'>;
  readonly output: WebAssembly.Global<'i32'>;
  readonly describe: WebAssembly.Global<'i32'>;
  readonly run: () => void;
}

/** What is used of what a model says of itself (fastpath/module/description.ts). */
interface Description {
  readonly input: ProgramTensor;
  readonly output: ProgramTensor;
  readonly preprocessing?: Preprocessing;
  readonly labels: readonly string[];
}

const { exports } = new WebAssembly.Instance(model);
const { memory, input, output, describe, run } = exports as unknown as Exports;
const bytes = new Uint8Array(memory.buffer);
const text = bytes.subarray(describe.value, bytes.indexOf(0, describe.value));
const description = JSON.parse(new TextDecoder().decode(text)) as Description;

const decoder = new ImageDecoder({ jpeg: () => jpeg, webp: () => webp }, MAX_PIXELS);
const room = new Gate(BODIES_BYTES);
const TOP = 5;

async function classify(photo: Uint8Array): Promise<Response> {
  const { preprocessing, labels, ...ends } = description;
  if (preprocessing === undefined) throw new HttpError(501, 'Expected a model that takes photos');
  const { type, shape, scale = 1, zeroPoint = 0 } = ends.input;
  const [, height = 0, width = 0] = shape;
  const { data } = resizeToInput(preprocessing, await decoder.decode(photo), width, height);
  const quantization = { scales: [scale], zeroPoint };
  const tensor = { name: ends.input.name, type, shape, quantization };
  elementsAt(type, input.value, data.length).set(
    pixelsToInput(preprocessing, tensor, data) as Int8Array,
  );
  run();
  const outputs = [elementsAt(ends.output.type, output.value, labels.length)];
  return Response.json(scoresOf({ outputs, description: { labels, outputs: [ends.output] } }, TOP));
}

function elementsAt(type: ProgramTensor['type'], at: number, length: number): Elements {
  const { buffer } = memory;
  switch (type) {
    case 'float32':
      return new Float32Array(buffer, at, length);
    case 'int16':
      return new Int16Array(buffer, at, length);
    case 'int8':
      return new Int8Array(buffer, at, length);
    case 'uint8':
      return new Uint8Array(buffer, at, length);
  }
}

export default {
  async fetch(request: Request): Promise<Response> {
    try {
      if (request.method !== 'POST') {
        throw new HttpError(405, 'Expected a photo as POST', { headers: { Allow: 'POST' } });
      }
      return await withBody(request, room, classify);
    } catch (error) {
      const refused = error instanceof ImageError ? new HttpError(400, error.message) : error;
      if (!(refused instanceof HttpError)) throw error;
      await drain(request);
      const { status, headers, message } = refused;
      return Response.json({ error: message }, { status, headers });
    }
  },
};
