/** Models as files of other programs, and back. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { interpreter, type Graph } from '../../reference/index.ts';
import { exportModel } from '../commands/export.ts';
import { importModel, type ImportFlags } from '../commands/import.ts';
import { decodeGraph, encodeGraph } from '../formats/plumb.ts';
import { smallFloat, smallNetwork } from './small-networks.ts';
import { temporaryFolder } from './temporary.ts';

const folder = temporaryFolder();
const model = folder.write('tiny.plumb', encodeGraph(smallFloat));
const file = (name: string): string => join(folder.path, name);

function imported(name: string, flags: Partial<ImportFlags>): Graph {
  const output = file('again.plumb');
  importModel(file(name), { output, json: true, ...flags });
  return decodeGraph(output, readFileSync(output));
}

const input = Float32Array.from({ length: 16 * 16 * 3 }, (_, i) => ((i * 89) % 256) / 128 - 1);
const outputOf = (graph: Graph) => interpreter(graph).run([input]).outputs[0]?.data;

it('come back from TensorFlow Lite with labels and preprocessing', () => {
  exportModel(model, { output: file('tiny.tflite'), json: true });
  const graph = imported('tiny.tflite', { resize: 'squash' });
  expect(graph.labels).toEqual(smallFloat.labels);
  expect(graph.preprocessing).toEqual(smallFloat.preprocessing);
  expect(outputOf(graph)).toEqual(outputOf(smallFloat));
  const before = readFileSync(file('tiny.tflite'));
  exportModel(model, { output: file('tiny.tflite'), json: true });
  expect(readFileSync(file('tiny.tflite'))).toEqual(before);
});

it('come back from ONNX with the same weights', () => {
  exportModel(model, { output: file('tiny.ONNX'), json: true });
  const labels = folder.write('labels.txt', smallFloat.labels.join('\n'));
  const rule = { mean: '0,0,0', std: '1,1,1', channels: 'rgb', resize: 'squash' } as const;
  expect(outputOf(imported('tiny.ONNX', { labels, ...rule }))).toEqual(outputOf(smallFloat));
});

it('say no normalisation that quantises otherwise', () => {
  const graph = smallNetwork('int8');
  expect(graph.preprocessing?.integer).toBeDefined();
  const int8 = folder.write('int8.plumb', encodeGraph(graph));
  exportModel(int8, { output: file('int8.tflite'), json: true });
  expect(() => imported('int8.tflite', { resize: 'squash' })).toThrow(
    'Expected preprocessing as --mean R,G,B and --std R,G,B, since the file does not say it',
  );
});

it('are refused with a name of no format, a label of two lines, or what they are read from', () => {
  expect(() => {
    exportModel(model, { output: file('tiny.h5') });
  }).toThrow('tiny.h5: Expected a name that ends in .tflite or .onnx');
  const labels = ['a', 'b\nc', 'd'];
  const lines = folder.write('lines.plumb', encodeGraph({ ...smallFloat, labels }));
  expect(() => {
    exportModel(lines, { output: file('lines.tflite') });
  }).toThrow('Expected labels of a line each but found "b\\nc"');
  expect(existsSync(file('lines.tflite'))).toBe(false);
  const same = folder.write('same.tflite', encodeGraph(smallFloat));
  expect(() => {
    exportModel(same, { output: same });
  }).toThrow('Expected a file to write other than the input');
});
