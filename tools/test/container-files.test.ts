/** Files of containers: the graph comes back as it was, wherever a model is expected, or an error says why not. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { networkCase, validNetworkOf } from '../../conformance/arbitrary-networks.ts';
import { casesOf } from '../../conformance/kernel-cases.ts';
import { property } from '../../conformance/property.ts';
import { fewCodes, withFewCodes } from '../../fastpath/container/test/few-codes.ts';
import { UnsupportedError } from '../../fastpath/compile/index.ts';
import { kernels } from '../../fastpath/program/kernels.ts';
import { GraphError, operatorGraph, validateGraph, type Graph } from '../../reference/index.ts';
import { FileError } from '../errors.ts';
import { decodeModel, encodeContainerFile } from '../formats/container.ts';
import { encodeGraph } from '../formats/plumb.ts';
import { loadModel } from '../models.ts';
import { temporaryFolder } from './temporary.ts';

const file = 'tools/test/container-files.test.ts';

function problemOf(graph: Graph): string | undefined {
  try {
    validateGraph(graph);
  } catch (error) {
    if (error instanceof GraphError) fc.pre(false);
    throw error;
  }
  const decoded = decodeModel('model', encodeContainerFile(graph).file);
  const same = Buffer.compare(encodeGraph(decoded), encodeGraph(graph)) === 0;
  return same ? undefined : 'Expected the graph as it was';
}

property(
  'graphs of containers',
  { runs: 10, file },
  fc.record({
    drawn: networkCase.map((drawn) => ({ ...drawn, precision: 'int8' as const })),
    choice: fewCodes,
  }),
  ({ drawn, choice }) => Promise.resolve(problemOf(withFewCodes(validNetworkOf(drawn), choice))),
);

const layers = kernels.filter(({ weights, input }) => weights === 'i8' && input === 'i8');

property(
  'single layers',
  { runs: 100, file },
  fc.oneof(...layers.flatMap(casesOf)),
  ({ kind, precision, attributes, inputs }) => {
    try {
      return Promise.resolve(
        problemOf(operatorGraph(kind, precision, attributes, inputs).graph as Graph),
      );
    } catch (error) {
      if (error instanceof UnsupportedError) return Promise.resolve(undefined);
      throw error;
    }
  },
);

describe('a file', () => {
  const graph = loadModel({ model: 'small', precision: 'int8' });
  const { file: whole, container } = encodeContainerFile(graph);
  const folder = temporaryFolder();

  it('is a model', () => {
    const path = folder.write('small.plmc', whole);
    expect(encodeGraph(loadModel({ model: path }))).toEqual(encodeGraph(graph));
  });

  const edited = (at: number, byte: number): Uint8Array => {
    const bytes = whole.slice();
    bytes[at] = byte;
    return bytes;
  };
  const other = encodeContainerFile({ ...graph, name: 'other' });

  it.each([
    ['without a graph', container, 'Expected a graph behind the container but found none'],
    [
      'of other bytes behind',
      edited(container.length, 0),
      'Expected a graph behind the container but found none',
    ],
    [
      'with a shorter graph',
      whole.slice(0, -1),
      `Expected a graph of ${String(whole.length - container.length - 8)} bytes behind the container but found ${String(whole.length - container.length - 9)}`,
    ],
    [
      'with a damaged container',
      edited(container.length >> 1, 1),
      'Expected an intact container but found a damaged one',
    ],
    [
      'with another model’s graph',
      Uint8Array.from([...container, ...other.file.subarray(other.container.length)]),
      'Expected the graph of the container but found another',
    ],
  ])('%s', (_, bytes, text) => {
    expect(() => decodeModel('model', bytes)).toThrow(new FileError('model', text));
  });

  it('damaged behind the container', () => {
    for (let at = container.length + 8; at < whole.length; at += 401) {
      expect(() => decodeModel('model', edited(at, (whole[at] ?? 0) ^ 0x55))).toThrow(FileError);
    }
  });
});
