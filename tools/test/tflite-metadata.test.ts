/** What TensorFlow Lite files say of their input and classes: taken where it is said, and never where it is damaged. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sharedDataPresent, sharedPath } from '../../conformance/shared/folder.ts';
import { importModel, type ImportFlags } from '../commands/import.ts';
import { FileError } from '../errors.ts';
import { decodeGraph } from '../formats/plumb.ts';
import { readInputRule, readLabels } from '../formats/tflite/metadata.ts';
import { TfliteModel } from '../formats/tflite/model.ts';
import { withFile, writeMetadata, type Metadata } from '../formats/tflite/write-metadata.ts';
import { temporaryFolder } from './temporary.ts';
import { conv, tensors } from './tflite-models.ts';

const folder = temporaryFolder();
const output = join(folder.path, 'out.plumb');

/** A classifier of two classes that says something of itself. */
function modelOf(metadata: Uint8Array | undefined): Uint8Array {
  const model = new TfliteModel();
  for (const tensor of tensors.float32) model.addTensor(tensor);
  model.addOperator(conv);
  model.inputs = [0];
  model.outputs = [3];
  model.metadata = metadata;
  return model.toBytes('test');
}

function imported(file: Uint8Array, flags: Partial<ImportFlags> = {}) {
  importModel(folder.write('net.tflite', file), { output, json: true, ...flags });
  return decodeGraph(output, readFileSync(output));
}

const full: Metadata = {
  colorSpace: 1,
  mean: [127.5],
  std: [127.5, 100, 50],
  labels: 'labels.txt',
};
const labelled = withFile(modelOf(writeMetadata(full)), 'labels.txt', 'cat\r\ndog\n');

describe('Metadata', () => {
  it('give labels, mean, std and the order of channels, but not the resize', () => {
    const graph = imported(labelled, { resize: 'squash' });
    expect(graph.labels).toEqual(['cat', 'dog']);
    expect(graph.preprocessing).toEqual({
      resize: 'squash',
      channels: 'rgb',
      mean: [127.5, 127.5, 127.5],
      std: [127.5, 100, 50],
    });
    expect(() => imported(labelled)).toThrow(
      'Expected preprocessing as --resize squash|cover, since the file does not say it',
    );
  });

  it('come after flags', () => {
    const labels = folder.write('other.txt', 'a\nb\n');
    const flags = {
      labels,
      mean: '1,2,3',
      std: '4,5,6',
      channels: 'bgr',
      resize: 'cover',
    } as const;
    const graph = imported(labelled, flags);
    expect(graph.labels).toEqual(['a', 'b']);
    expect(graph.preprocessing).toEqual({
      resize: 'cover',
      crop: 1,
      channels: 'bgr',
      mean: [1, 2, 3],
      std: [4, 5, 6],
    });
    // Not even read where the flags say all.
    const damaged = modelOf(Uint8Array.of(1, 2, 3));
    expect(imported(damaged, flags).labels).toEqual(['a', 'b']);
    expect(() => imported(damaged, { labels, resize: 'cover' })).toThrow(
      'net.tflite: Expected metadata of TensorFlow Lite (or flags that say all). Expected 8 bytes at 0 but found a file of 3',
    );
  });

  it('say nothing where they have nothing to say', () => {
    const rule = (spec: Metadata) => readInputRule('m', writeMetadata(spec));
    expect(rule({})).toEqual({});
    expect(rule({ colorSpace: 2 })).toEqual({});
    expect(rule({ mean: [1], std: [2] })).toEqual({ mean: [1, 1, 1], std: [2, 2, 2] });
    expect(readLabels('m', writeMetadata({}), new Uint8Array(0))).toBeUndefined();
    expect(() => imported(modelOf(undefined), { resize: 'squash' })).toThrow(
      'Expected labels in the file or --labels FILE but found neither',
    );
  });

  it.each<readonly [string, Metadata]>([
    ['[1, 2] and [1]', { mean: [1, 2], std: [1] }],
    ['[1] and []', { mean: [1] }],
    ['[1] and [0]', { mean: [1], std: [0] }],
    ['[NaN] and [1]', { mean: [NaN], std: [1] }],
    ['[1, 2, 3, 4] and [1]', { mean: [1, 2, 3, 4, 5], std: [1] }],
  ])('are refused with a normalisation of %s', (found, spec) => {
    expect(() => readInputRule('m', writeMetadata(spec))).toThrow(
      `m: Expected metadata of TensorFlow Lite (or flags that say all). Expected a mean and a std greater than 0, of all or each of three channels, but found ${found}`,
    );
  });
});

describe('The archive behind a model', () => {
  const metadata = writeMetadata(full);
  const labelsOf = (file: Uint8Array) => readLabels('m', metadata, file);

  it('gives labels, compressed or not', () => {
    for (const level of [0, 9] as const) {
      expect(labelsOf(withFile(modelOf(metadata), 'labels.txt', 'a\nb', level))).toEqual([
        'a',
        'b',
      ]);
    }
  });

  it('is refused without the file, or with one of another encoding', () => {
    expect(() => labelsOf(withFile(modelOf(metadata), 'other.txt', 'a'))).toThrow(
      'Expected a file "labels.txt" behind the model',
    );
    expect(() => labelsOf(modelOf(metadata))).toThrow('(or flags that say all). invalid zip data');
    const invalid = labelled.slice();
    invalid.set([0xff], Buffer.from(labelled).indexOf('cat\r\ndog'));
    expect(() => labelsOf(invalid)).toThrow(FileError);
  });

  it('is not unpacked beyond what labels take', () => {
    const large = withFile(modelOf(metadata), 'labels.txt', 'a\n'.repeat(2 ** 21 + 1), 9);
    expect(() => labelsOf(large)).toThrow(
      'Expected at most 4194304 bytes of labels but found 4194306',
    );
  });

  it('is read or refused, whatever is damaged', () => {
    const start = modelOf(metadata).length;
    const place = fc.integer({ min: start, max: labelled.length - 1 });
    fc.assert(
      fc.property(fc.array(fc.tuple(place, fc.nat(255)), { maxLength: 6 }), (changes) => {
        const file = labelled.slice();
        for (const [at, value] of changes) file[at] = value;
        try {
          const found = labelsOf(file) ?? [];
          expect(found.every((label) => typeof label === 'string')).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(FileError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('and the metadata are read or refused, whatever is damaged', () => {
    const place = fc.nat(metadata.length - 1);
    fc.assert(
      fc.property(fc.array(fc.tuple(place, fc.nat(255)), { maxLength: 6 }), (changes) => {
        const damaged = metadata.slice();
        for (const [at, value] of changes) damaged[at] = value;
        try {
          const { mean, std } = readInputRule('m', damaged);
          expect(mean?.every(Number.isFinite) ?? true).toBe(true);
          expect(std?.every((each) => each > 0) ?? true).toBe(true);
          readLabels('m', damaged, labelled);
        } catch (error) {
          expect(error).toBeInstanceOf(FileError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe.skipIf(!sharedDataPresent('models/others', '1 test of a published model’s metadata'))(
  'A published model',
  () => {
    it('says all but its resize', () => {
      const file = readFileSync(
        sharedPath('models', 'others', 'tf2_mobilenet_v2_1.0_224_ptq.tflite'),
      );
      const { labels, preprocessing } = imported(file, { resize: 'cover', crop: '0.875' });
      expect(labels).toHaveLength(1001);
      expect(labels.slice(0, 2)).toEqual(['background', 'tench, Tinca tinca']);
      expect(preprocessing).toEqual({
        resize: 'cover',
        crop: 0.875,
        channels: 'rgb',
        mean: [127.5, 127.5, 127.5],
        std: [127.5, 127.5, 127.5],
      });
    });
  },
);
