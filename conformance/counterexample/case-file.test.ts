/** A `.case` file gives back what was stored, and a damaged one is refused. */

import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mobilenetV2, quantizeGraph } from '../../reference/index.ts';
import { FileError } from '../../tools/errors.ts';
import { pack, unpack } from '../../tools/formats/message-pack.ts';
import { generator } from '../draws.ts';
import type { OperatorCase } from '../operator-case.ts';
import { operatorProperties, propertyName } from '../properties.ts';
import { decodeCase, encodeCase, type StoredCase } from './case-file.ts';
import { isValid } from './shrink-values.ts';

const drawn: OperatorCase<'depthwiseConv2d'> = {
  kind: 'depthwiseConv2d',
  precision: 'int8',
  attributes: {
    multiplier: [2 ** 30],
    shift: [-3],
    padding: [1, 0, 1, 0],
    output: { zeroPoint: 4 },
  },
  inputs: [
    { shape: [1, 1, 1, 2], data: new Int8Array([5, -6]), zeroPoint: -3 },
    { shape: [1, 2, 2, 2], data: new Int8Array(8).fill(2) },
    { shape: [2], data: new Int32Array([10, -20]) },
  ],
};
const stored = {
  type: 'operator',
  drawn,
  violation: { index: 1, expected: 3, found: -Infinity, bound: 0 },
  backend: 'mine',
  seed: -5,
  path: '1:2:3',
} as const satisfies StoredCase;

const float = mobilenetV2({ width: 0.1, resolution: 8, classes: 2 });
const ranges = Object.fromEntries(float.operators.map((each) => [each.name, [-2, 6] as const]));
const graph = quantizeGraph(float, { ranges }, { precision: 'int8' });
const network = {
  type: 'network',
  graph,
  inputs: [new Int8Array(8 * 8 * 3).fill(7)],
  violation: { index: 0, expected: 3, found: 4, bound: 0, position: 1 },
  backend: 'mine',
} as const satisfies StoredCase;

/** The bytes of a case whose stored form is changed, with a digest that fits. */
function edited(found: StoredCase, change: (body: Record<string, unknown>) => void): Uint8Array {
  const outer = unpack(encodeCase(found)) as Record<string, unknown>;
  const body = unpack(outer['case'] as Uint8Array) as Record<string, unknown>;
  change(body);
  return resealed(outer, pack(body));
}

function resealed(outer: Record<string, unknown>, body: Uint8Array): Uint8Array {
  return pack({ ...outer, sha256: createHash('sha256').update(body).digest(), case: body });
}

function refusal(bytes: Uint8Array): string {
  try {
    decodeCase('a.case', bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(FileError);
    return (error as FileError).message;
  }
  return expect.unreachable();
}

describe('a case file', () => {
  it.each([
    ['an operator', stored],
    ['an operator without notes', { type: 'operator', drawn }],
    ['a network', network],
  ] as const)('gives back %s', (_, found) => {
    const bytes = encodeCase(found);
    expect(decodeCase('a.case', bytes)).toEqual(found);
    expect(encodeCase(decodeCase('a.case', bytes))).toEqual(bytes);
  });

  it('holds plain numbers as the elements that they stand for', () => {
    const plain: OperatorCase<'dequantize'> = {
      kind: 'dequantize',
      precision: 'int16',
      attributes: {},
      inputs: [{ shape: [2], data: [1, 2], scale: 0.1 }],
    };
    const inputs = [{ shape: [2], data: new Int16Array([1, 2]), scale: 0.1 }];
    expect(decodeCase('a.case', encodeCase({ type: 'operator', drawn: plain }))).toEqual({
      type: 'operator',
      drawn: { ...plain, inputs },
    });
  });

  it.each(operatorProperties.map((each) => [propertyName(each), each] as const))(
    'gives back drawn cases: %s',
    (_, { cases }) => {
      fc.assert(
        fc.property(cases, (each) => {
          fc.pre(isValid(each));
          // MessagePack has no integer -0.
          const attributes = JSON.parse(JSON.stringify(each.attributes)) as object;
          const found = { type: 'operator', drawn: { ...each, attributes } } as const;
          expect(decodeCase('a.case', encodeCase(found))).toEqual(found);
        }),
        { numRuns: 10 },
      );
    },
  );
});

describe('a damaged case file', () => {
  it('is refused wherever a bit is flipped or bytes are missing', () => {
    for (const found of [stored, network]) {
      const bytes = encodeCase(found);
      const random = generator(1);
      for (let i = 0; i < 300; i++) {
        const damaged = bytes.slice();
        const at = Math.floor(random() * bytes.length);
        damaged[at] = (damaged[at] ?? 0) ^ (1 << Math.floor(8 * random()));
        expect(() => decodeCase('a.case', damaged)).toThrow(FileError);
        expect(() => decodeCase('a.case', bytes.slice(0, at))).toThrow(FileError);
      }
    }
  });

  it('is refused or a valid case, whatever its contents, where the digest fits', () => {
    const outer = unpack(encodeCase(stored)) as Record<string, unknown>;
    const body = outer['case'] as Uint8Array;
    const random = generator(2);
    for (let i = 0; i < 3000; i++) {
      const damaged = body.slice();
      for (let flips = 0; flips <= i % 3; flips++) {
        const at = Math.floor(random() * body.length);
        damaged[at] = Math.floor(256 * random());
      }
      try {
        const found = decodeCase('a.case', resealed(outer, damaged));
        if (found.type === 'operator') expect(isValid(found.drawn)).toBe(true);
      } catch (error) {
        expect(error).toBeInstanceOf(FileError);
      }
    }
  });

  it('is told what is wrong', () => {
    expect(refusal(new Uint8Array([1, 2]))).toMatch(/^a\.case: Expected a Plumbline case\. /);
    const other = { ...(unpack(encodeCase(stored)) as object), format: 'plumbline graph' };
    expect(refusal(pack(other))).toBe(
      'a.case: Expected a Plumbline case but found format "plumbline graph"',
    );
    const newer = { ...(unpack(encodeCase(stored)) as object), version: 2 };
    expect(refusal(pack(newer))).toBe('a.case: Expected version 1 but found 2');
    const none = { ...(unpack(encodeCase(stored)) as object), case: 1 };
    expect(refusal(pack(none))).toBe(
      'a.case: Expected a digest and a case but found neither or one',
    );
  });

  it.each([
    ['kind', { kind: 'conv3d' }, /^a\.case: Expected a Plumbline case\. kind: /],
    [
      'element',
      { violation: { index: 32, expected: 0, found: 1, bound: 0 } },
      /Expected one of 2 elements but found element 32$/,
    ],
    [
      'attributes',
      { attributes: { stride: [0, 1] } },
      /^a\.case: Operator "depthwiseConv2d": Expected stride/,
    ],
    [
      'unknown attribute',
      { attributes: { speed: 1 } },
      /Expected only known attributes but found speed/,
    ],
    [
      'bytes',
      { inputs: [{ type: 'int16', shape: [1, 1, 1, 2], data: new Uint8Array(3) }] },
      /^a\.case: Input 0: Expected 4 bytes but found 3$/,
    ],
    ['inputs', { inputs: [] }, /^a\.case: /],
    ['property', { more: 1 }, /^a\.case: Expected a Plumbline case\. /],
  ])('with another %s is refused', (_, change, wanted) => {
    expect(refusal(edited(stored, (body) => Object.assign(body, change)))).toMatch(wanted);
  });

  it.each([
    ['graph', { graph: new Uint8Array(9) }, /^a\.case: Expected a Plumbline graph/],
    ['inputs', { inputs: [] }, /^a\.case: Expected 1 inputs but found 0$/],
    [
      'input',
      { inputs: [new Uint8Array(3)] },
      /^a\.case: Input "image": Expected 192 bytes but found 3$/,
    ],
    [
      'operator',
      { violation: { ...network.violation, position: 500 } },
      /^a\.case: Expected the position of one of \d+ operators but found 500$/,
    ],
  ])('of a network with another %s is refused', (_, change, wanted) => {
    expect(refusal(edited(network, (body) => Object.assign(body, change)))).toMatch(wanted);
  });
});
