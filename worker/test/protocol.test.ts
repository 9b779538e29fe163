/** The Open Inference Protocol: metadata, health, tensors as JSON and as bytes. */

import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../tools/images/decode.ts';
import type { Elements } from '../../fastpath/runtime/index.ts';
import { loadModel } from '../../tools/models.ts';
import { imageToInput } from '../../reference/index.ts';
import { loadedInNode, photos } from './node.ts';
import { startService } from './service.ts';

const service = await startService();
const [photo = new Uint8Array(0)] = photos;

const json = async (path: string): Promise<[number, unknown]> => {
  const answer = await service.fetch(path);
  return [answer.status, await answer.json()];
};

/** The input tensor of the photo, and what the model makes of it in Node. */
async function caseOf(precision: 'float32' | 'int16' | 'int8'): Promise<[Elements, Elements]> {
  const graph = loadModel({ model: 'small', precision });
  const input = imageToInput(graph, await decodeImage(photo)) as Elements;
  const network = await loadedInNode('small', precision);
  const [output] = network.run(input);
  if (output === undefined) throw new Error('Expected an output');
  return [input, output];
}

const shape = [1, 96, 96, 3];
const datatypes = { float32: 'FP32', int16: 'INT16', int8: 'INT8' } as const;

describe('metadata', () => {
  it('of the server', async () => {
    expect(await json('/v2')).toEqual([
      200,
      { name: 'plumbline', version: '1', extensions: ['binary_tensor_data'] },
    ]);
    expect(await json('/v2/health/live')).toEqual([200, { live: true }]);
    expect(await json('/v2/health/ready')).toEqual([200, { ready: true }]);
  });

  it('of models', async () => {
    const metadata = {
      name: 'small',
      versions: ['float32', 'int16', 'int8'],
      platform: 'plumbline',
      inputs: [{ name: 'image', datatype: 'FP32', shape }],
      outputs: [{ name: 'softmax', datatype: 'FP32', shape: [1, 2] }],
    };
    expect(await json('/v2/models/small/versions/float32')).toEqual([200, metadata]);
    expect(await json('/v2/models/small')).toMatchObject([
      200,
      {
        inputs: [{ datatype: 'INT8', parameters: { zero_point: -1 } }],
        outputs: [{ datatype: 'INT8', parameters: { scale: 1 / 256, zero_point: -128 } }],
      },
    ]);
    expect(await json('/v2/models/small/ready')).toEqual([200, { name: 'small', ready: true }]);
    expect(await json('/v2/models/none')).toEqual([
      404,
      {
        error: expect.stringMatching(
          /^Expected one of small float32, .* but found none int8$/,
        ) as string,
      },
    ]);
    expect(await json('/v2/models/small/versions/7')).toEqual([
      400,
      { error: 'Expected precision to be float32, int16, int8 but found "7"' },
    ]);
  });
});

describe('inference', () => {
  it.each(['float32', 'int16', 'int8'] as const)('of JSON tensors, %s', async (precision) => {
    const [input, output] = await caseOf(precision);
    const tensor = { name: 'image', shape, datatype: datatypes[precision] };
    const nested = Array.from({ length: 96 }, (_, y) =>
      Array.from({ length: 96 }, (_x, x) => Array.from(input.slice((y * 96 + x) * 3).slice(0, 3))),
    );
    for (const data of [Array.from(input), [nested]]) {
      const answer = await service.post(
        `/v2/models/small/versions/${precision}/infer`,
        JSON.stringify({ id: 'a 1', inputs: [{ ...tensor, data }] }),
      );
      expect([answer.status, await answer.json()]).toEqual([
        200,
        {
          model_name: 'small',
          model_version: precision,
          id: 'a 1',
          outputs: [
            {
              name: 'softmax',
              shape: [1, 2],
              datatype: datatypes[precision],
              data: Array.from(output),
            },
          ],
        },
      ]);
    }
  });

  it.each(['float32', 'int16', 'int8'] as const)('of raw tensors, %s', async (precision) => {
    const [input, output] = await caseOf(precision);
    const bytes = new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
    const header = JSON.stringify({
      inputs: [
        {
          name: 'image',
          shape,
          datatype: datatypes[precision],
          parameters: { binary_data_size: bytes.length },
        },
      ],
      parameters: { binary_data_output: true },
    });
    const answer = await service.post(
      `/v2/models/small/versions/${precision}/infer`,
      Buffer.concat([Buffer.from(header), bytes]),
      { 'inference-header-content-length': String(header.length) },
    );
    expect(answer.headers.get('content-type')).toBe('application/octet-stream');
    const length = Number(answer.headers.get('inference-header-content-length'));
    const body = Buffer.from(await answer.arrayBuffer());
    expect(JSON.parse(body.subarray(0, length).toString())).toMatchObject({
      outputs: [{ name: 'softmax', parameters: { binary_data_size: output.byteLength } }],
    });
    expect(body.subarray(length)).toEqual(
      Buffer.from(output.buffer, output.byteOffset, output.byteLength),
    );
  });
});

describe('refusals', () => {
  const tensor = { name: 'image', shape, datatype: 'INT8', data: new Array<number>(27648).fill(0) };

  it.each<readonly [string, unknown, number, string]>([
    ['no JSON', '{', 400, 'Expected JSON but it does not parse'],
    ['no inputs', {}, 400, 'Expected an inference request. inputs: Invalid input'],
    [
      'another name',
      { inputs: [{ ...tensor, name: 'x' }] },
      400,
      'Expected input "x" to be one of image, once each, but found another',
    ],
    [
      'an input twice',
      { inputs: [tensor, tensor] },
      400,
      'Expected input "image" to be one of image, once each, but found another',
    ],
    [
      'another type',
      { inputs: [{ ...tensor, datatype: 'FP32' }] },
      400,
      'Expected input "image" as INT8 but found FP32',
    ],
    [
      'another shape',
      { inputs: [{ ...tensor, shape: [1, 3, 96, 96] }] },
      400,
      'Expected input "image" of shape [1, 96, 96, 3] but found [1, 3, 96, 96]',
    ],
    [
      'too few elements',
      { inputs: [{ ...tensor, data: [1, [2], 3] }] },
      400,
      'Expected input "image" of 27648 elements but found 3',
    ],
    [
      'numbers out of range',
      { inputs: [{ ...tensor, data: [128] }] },
      400,
      'Expected input "image" of numbers that are INT8 but found another value',
    ],
    [
      'text for numbers',
      { inputs: [{ ...tensor, data: ['1'] }] },
      400,
      'Expected input "image" of numbers that are INT8 but found another value',
    ],
    [
      'bytes that are not there',
      { inputs: [{ ...tensor, parameters: { binary_data_size: 27648 } }] },
      400,
      'Expected input "image" of 27648 bytes but found 0',
    ],
    [
      'a size that is none',
      { inputs: [{ ...tensor, parameters: { binary_data_size: '9' } }] },
      400,
      'Expected input "image" of 27648 bytes but found "9"',
    ],
    [
      'another output',
      { inputs: [tensor], outputs: [{ name: 'y' }] },
      400,
      'Expected outputs of softmax but found "y"',
    ],
    [
      'lists without end',
      `{"inputs":${'['.repeat(100_000)}`,
      413,
      'Expected JSON of at most 60000 lists and 500000 values but found more',
    ],
    [
      'values without end',
      `{"inputs":[${'1,'.repeat(600_000)}`,
      413,
      'Expected JSON of at most 60000 lists and 500000 values but found more',
    ],
    [
      'too long a text',
      `"${'x'.repeat(4 * 2 ** 20)}"`,
      413,
      'Expected at most 4194304 bytes of JSON but found 4194306',
    ],
  ])('%s', async (_name, body, status, error) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const answer = await service.post('/v2/models/small/infer', text);
    expect([answer.status, await answer.json()]).toEqual([status, { error }]);
  });

  it('bytes after the tensors, and a header longer than the body', async () => {
    const header = JSON.stringify({ inputs: [tensor] });
    const length = { 'inference-header-content-length': String(header.length) };
    const more = await service.post('/v2/models/small/infer', `${header}xx`, length);
    expect(await more.json()).toEqual({ error: 'Expected 0 bytes of tensors but found 2' });
    const less = await service.post('/v2/models/small/infer', '{}', {
      'inference-header-content-length': '9',
    });
    expect(await less.json()).toEqual({ error: 'Expected JSON of 9 bytes but the body has 2' });
    const none = await service.post('/v2/models/small/infer', '{}', {
      'inference-header-content-length': 'x',
    });
    expect(none.status).toBe(400);
    await none.arrayBuffer();
  });
});
