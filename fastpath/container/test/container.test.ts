/** Containers give their Programs back, byte for byte, whoever decodes them, and are as small as they are said to be. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  networkCase,
  noiseImage,
  validNetworkOf,
} from '../../../conformance/arbitrary-networks.ts';
import { casesOf } from '../../../conformance/kernel-cases.ts';
import { property } from '../../../conformance/property.ts';
import {
  GraphError,
  imageToInput,
  interpreter,
  operatorGraph,
  validateGraph,
  type Graph,
  type UncheckedGraph,
} from '../../../reference/index.ts';
import { decoderModule, kernelsModule } from '../../../tools/kernels.ts';
import { loadModel } from '../../../tools/models.ts';
import { compileGraph, UnsupportedError } from '../../compile/index.ts';
import { readHeader } from '../../program/container.ts';
import { headerFields, PROGRAM_BASE, readWords } from '../../program/format.ts';
import { kernels } from '../../program/kernels.ts';
import { placesOf } from '../../runtime/container.ts';
import { decodeContainer, loadContainer } from '../../runtime/index.ts';
import { digestOf } from '../digest.ts';
import { decodePlain, encodeContainer } from '../index.ts';
import { fewCodes, withFewCodes } from './few-codes.ts';

const file = 'fastpath/container/test/container.test.ts';

/** The graph, unless other weights made it invalid. */
function valid<T extends UncheckedGraph>(graph: T): T & Graph {
  try {
    validateGraph(graph);
    return graph;
  } catch (error) {
    if (error instanceof GraphError) fc.pre(false);
    throw error;
  }
}

/** What is wrong with the container of a graph. */
async function problemOf(graph: Graph): Promise<string | undefined> {
  const { container, program, sizes } = encodeContainer(graph);
  if (Buffer.compare(program, compileGraph(graph, { report: false })) !== 0) {
    return 'Expected the compiled graph';
  }
  if (Buffer.compare(decodePlain(container).program, program) !== 0) {
    return 'Expected the plain decoder to give the Program';
  }
  if (Buffer.compare(await decodeContainer(container, decoderModule()), program) !== 0) {
    return 'Expected the decoder to give the Program';
  }
  const { weights, entropy } = sizes;
  const most = entropy * LEARNING + LEARNING_BYTES;
  return weights <= most
    ? undefined
    : `Expected weights of at most ${String(most)} bytes but found ${String(weights)}`;
}

/** What adapting takes beyond entropy: of many codes 1/32, and some bytes for each of the contexts that few are in. */
const LEARNING = 1 + 1 / 32;
const LEARNING_BYTES = 600;

const int8Network = networkCase.map((drawn) => ({ ...drawn, precision: 'int8' as const }));

property(
  'networks of few codes',
  { runs: 10, file },
  fc.record({ drawn: int8Network, choice: fewCodes }),
  ({ drawn, choice }) => problemOf(valid(withFewCodes(validNetworkOf(drawn), choice))),
);

const layers = kernels.filter(({ family, input }) =>
  input === 'i8' ? family === 'conv2d' || family === 'depthwise' : false,
);

property(
  'single layers of any extents and factors',
  { runs: 300, file },
  fc.oneof(...layers.flatMap(casesOf)),
  async ({ kind, precision, attributes, inputs }) => {
    const { graph } = operatorGraph(kind, precision, attributes, inputs);
    try {
      return await problemOf(valid(graph));
    } catch (error) {
      if (error instanceof UnsupportedError) return undefined;
      throw error;
    }
  },
);

property(
  'loaded from a container, networks equal the reference',
  { runs: 5, file },
  fc.record({ drawn: int8Network, choice: fewCodes }),
  async ({ drawn, choice }) => {
    const graph = valid(withFewCodes(validNetworkOf(drawn), choice));
    const input = imageToInput(graph, noiseImage(drawn.options.resolution, drawn.imageSeed));
    const { container } = encodeContainer(graph);
    const network = await loadContainer(container, kernelsModule(), decoderModule());
    const found = network.run(input as Int8Array);
    const wanted = interpreter(graph)
      .run([input])
      .outputs.map(({ data }) => data);
    return String(wanted) === String(found)
      ? undefined
      : `Expected ${String(wanted)} but found ${String(found)}`;
  },
);

it.each([
  ['small', 127, 0, 0],
  ['small', 3, 8, 5],
  ['large', 7, 8, 5],
])('%s, codes up to %i', async (model, range, perOctave, biasBits) => {
  const graph = loadModel({ model, precision: 'int8' });
  const few = valid(withFewCodes(graph, { range, perOctave, biasBits }));
  expect(await problemOf(few)).toBeUndefined();
  const { sizes } = encodeContainer(few);
  if (range < 8) expect(sizes.weights).toBeLessThan(sizes.entropy);
});

describe('what decoders agree on', () => {
  it('the kernels whose steps are layers', () => {
    const source = readFileSync(
      join(import.meta.dirname, '..', '..', 'assembly', 'container', 'shapes.ts'),
      'utf8',
    );
    const numbered = (name: string): number =>
      Number(new RegExp(`const ${name}: i32 = (\\d+);`).exec(source)?.[1]);
    expect(kernels[numbered('CONV_2D')]?.name).toBe('conv2d_i8');
    expect(kernels[numbered('DEPTHWISE')]?.name).toBe('depthwise_i8');
  });

  it('digests, as XXH32 defines them', () => {
    // By another implementation, which gives the published 0xe2293b2f for "Nobody inspects the spammish repetition".
    expect(digestOf(new Uint8Array(16)) >>> 0).toBe(0x8e022b3a);
    expect(digestOf(Uint8Array.from({ length: 64 }, (_, i) => i)) >>> 0).toBe(0x31120435);
    expect(() => digestOf(new Uint8Array(17))).toThrow(
      new RangeError('Expected bytes in multiples of 16 but found 17'),
    );
  });
});

it('takes no more memory to decode than the Program does', () => {
  for (const model of ['small', 'large']) {
    const graph = withFewCodes(loadModel({ model, precision: 'int8' }), {
      range: 7,
      perOctave: 8,
      biasBits: 5,
    });
    const { container, program } = encodeContainer(graph);
    const view = new DataView(program.buffer);
    const { imageBytes, arenaBytes } = readWords(view, 0, headerFields);
    const { end } = placesOf(readHeader(container));
    expect(end).toBeLessThanOrEqual(PROGRAM_BASE + imageBytes + arenaBytes);
  }
});

it('refuses graphs that are not int8', () => {
  const graph = loadModel({ model: 'small', precision: 'float32' });
  expect(() => encodeContainer(graph)).toThrow(
    new UnsupportedError('Expected an int8 graph for a container but found float32'),
  );
});
