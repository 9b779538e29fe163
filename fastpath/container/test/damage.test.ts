/**
 * No container, whatever its bytes, makes a decoder give anything but the Program that was put in or an error, or read
 * or write beside what it was given.
 */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { validNetworkOf } from '../../../conformance/arbitrary-networks.ts';
import { generator } from '../../../conformance/draws.ts';
import { property } from '../../../conformance/property.ts';
import { decoderModule } from '../../../tools/kernels.ts';
import {
  CONTAINER_HEADER_BYTES,
  containerFields,
  readHeader,
  type ContainerHeader,
} from '../../program/container.ts';
import { PROGRAM_BASE, roundUp } from '../../program/format.ts';
import { decodeContainer } from '../../runtime/index.ts';
import { placesOf } from '../../runtime/container.ts';
import { ContainerError, decodePlain, encodeContainer } from '../index.ts';
import { withFewCodes } from './few-codes.ts';

const file = 'fastpath/container/test/damage.test.ts';
const GUARD = 0xa5;
const PAGE = 65536;
const DONE = 0;

const network = validNetworkOf({
  options: { width: 0.1, resolution: 8, classes: 3, padding: 'same', seed: 1 },
  precision: 'int8',
  int16Weights: 'bounded',
  imageSeed: 1,
});

/** Of few codes on a grid, and as the network was: both forms of scales. */
const originals = [
  encodeContainer(withFewCodes(network, { range: 3, perOctave: 8, biasBits: 4 })),
  encodeContainer(network),
];

interface Places {
  readonly image: number;
  readonly at: number;
  readonly workspace: number;
  /** Of the memory. */
  readonly pages: number;
}

/** As hosts have it: the image may be written over the container, the workspace lies behind both. */
function hostPlaces(header: ContainerHeader): Places {
  const { image, at, workspace, end } = placesOf(header);
  return { image, at, workspace, pages: Math.ceil(end / PAGE) + 1 };
}

/** The container at the end of the memory, where a read behind it traps. */
function endPlaces(header: ContainerHeader): Places {
  const workspace = roundUp(PROGRAM_BASE + header.imageBytes, 16);
  const pages = Math.ceil((workspace + header.workspaceBytes + header.bytes) / PAGE);
  return { image: PROGRAM_BASE, at: pages * PAGE - header.bytes, workspace, pages };
}

/**
 * Decodes where a write beside image and workspace shows, in memory that is not zero; undefined for an error, or what is
 * wrong as text.
 */
function guarded(
  container: Uint8Array,
  places: (header: ContainerHeader) => Places,
): Uint8Array | string | undefined {
  let header;
  try {
    header = readHeader(container);
  } catch (error) {
    return error instanceof ContainerError ? undefined : String(error);
  }
  const { image, at, workspace, pages } = places(header);
  const memory = new WebAssembly.Memory({ initial: pages });
  const bytes = new Uint8Array(memory.buffer);
  bytes.fill(GUARD);
  bytes.set(container.subarray(0, header.bytes), at);
  const before = bytes.slice();
  const { decode } = new WebAssembly.Instance(decoderModule(), { env: { memory } })
    .exports as unknown as { readonly decode: (...words: number[]) => number };
  const { imageBytes, workspaceBytes } = header;
  let result;
  try {
    result = decode(at, header.bytes, image, imageBytes, workspace, workspaceBytes);
  } catch (error) {
    return String(error);
  }
  for (const [from, to] of [
    [0, image],
    [image + imageBytes, workspace],
    [workspace + workspaceBytes, bytes.length],
  ] as const) {
    if (Buffer.compare(bytes.subarray(from, to), before.subarray(from, to)) !== 0) {
      return `Expected no change to bytes ${String(from)} to ${String(to)}`;
    }
  }
  return result === DONE ? bytes.slice(image, image + imageBytes) : undefined;
}

const asHosts = (container: Uint8Array): Uint8Array | string | undefined =>
  guarded(container, hostPlaces);
const atTheEnd = (container: Uint8Array): Uint8Array | string | undefined =>
  guarded(container, endPlaces);

function plain(container: Uint8Array): Uint8Array | string | undefined {
  try {
    return decodePlain(container).program;
  } catch (error) {
    return error instanceof ContainerError ? undefined : String(error);
  }
}

function problemOf(container: Uint8Array, program: Uint8Array): string | undefined {
  for (const decode of [asHosts, atTheEnd, plain]) {
    const found = decode(container);
    if (typeof found === 'string') return `${decode.name}: ${found}`;
    if (found !== undefined && Buffer.compare(found, program) !== 0) {
      return `${decode.name}: Expected an error or the Program`;
    }
  }
  return undefined;
}

const original = fc
  .constantFrom(...originals)
  .map((of) => ({ ...of, toString: () => `${String(of.container.length)} bytes` }));

/** Bytes replaced, behind the header most often; or left out, put in, cut off. */
const change = fc.oneof(
  fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 4 }),
  }),
  fc.record({
    word: fc.nat(containerFields.length - 1),
    to: fc.oneof(fc.integer(), fc.integer({ min: -1, max: 300 })),
  }),
  fc.record({ cut: fc.double({ min: 0, max: 1, noNaN: true }) }),
);

property(
  'damaged containers',
  { runs: 1000, file },
  fc.record({ of: original, changes: fc.array(change, { minLength: 1, maxLength: 3 }) }),
  ({ of, changes }) => {
    const { container, program } = of;
    let damaged = container.slice();
    for (const each of changes) {
      if ('cut' in each) damaged = damaged.slice(0, Math.floor(each.cut * damaged.length));
      else if ('word' in each) {
        if (damaged.length < CONTAINER_HEADER_BYTES) continue;
        new DataView(damaged.buffer).setInt32(4 * each.word, each.to, true);
      } else {
        const at = Math.floor(each.at * damaged.length);
        damaged.set(each.bytes.subarray(0, damaged.length - at), at);
      }
    }
    return Promise.resolve(problemOf(damaged, program));
  },
);

property(
  'headers before random streams',
  { runs: 300, file },
  fc.record({ of: original, seed: fc.nat(), biased: fc.integer({ min: 1, max: 256 }) }),
  ({ of, seed, biased }) => {
    const { container, program } = of;
    const random = generator(seed);
    const damaged = container.map((byte, i) =>
      i < CONTAINER_HEADER_BYTES ? byte : Math.floor(biased * random()),
    );
    return Promise.resolve(problemOf(damaged, program));
  },
);

describe.each(originals)('a container of $container.length bytes', ({ container, program }) => {
  it('each bit of its first bytes and every 997th after', () => {
    for (let bit = 0; bit < 8 * container.length; bit += bit < 8 * 128 ? 1 : 997 * 8 + 1) {
      const damaged = container.slice();
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(problemOf(damaged, program), `bit ${String(bit)}`).toBeUndefined();
    }
  });

  it('decodes in memory that is not zero', () => {
    for (const decode of [asHosts, atTheEnd]) expect(decode(container)).toEqual(program);
  });

  it('goes on in a file', async () => {
    const longer = Uint8Array.from([...container, 1, 2, 3]);
    expect(decodePlain(longer).program).toEqual(program);
    expect(await decodeContainer(longer, decoderModule())).toEqual(program);
  });
});

describe('errors', () => {
  const { container } = originals[0] ?? { container: new Uint8Array() };
  const edited = (word: number, to: number): Uint8Array => {
    const bytes = container.slice();
    new DataView(bytes.buffer).setInt32(4 * word, to, true);
    return bytes;
  };

  it.each([
    ['too short', container.slice(0, 47), 'Expected at least 48 bytes but found 47'],
    [
      'other bytes',
      edited(0, 0x21),
      'Expected a container, which begins with "PLMC", but found 0x21',
    ],
    ['a later version', edited(1, 3), 'Expected version 2 but found 3'],
    ['a part', container.slice(0, -1), 'Expected an intact container but found a damaged one'],
    [
      'another digest',
      edited(containerFields.indexOf('digest'), 1),
      'Expected an intact container but found a damaged one',
    ],
    [
      'a small workspace',
      edited(containerFields.indexOf('workspaceBytes'), 100),
      'Expected a container that decodes but found error 2',
    ],
    [
      'a place that is written before it is read',
      edited(containerFields.indexOf('leastOffset'), 16),
      'Expected a container that decodes but found error 2',
    ],
  ])('%s', async (_, bytes, text) => {
    await expect(decodeContainer(bytes, decoderModule())).rejects.toThrow(new ContainerError(text));
  });

  it('no bytes', async () => {
    await expect(decodeContainer([] as never, decoderModule())).rejects.toThrow(
      new TypeError('Expected the container as Uint8Array but found object'),
    );
  });
});
