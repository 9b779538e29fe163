/** Files of other formats through the import command: which format one has, what goes with it, and what is written. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { compileGraph } from '../../fastpath/compile/index.ts';
import { loadProgram } from '../../fastpath/runtime/index.ts';
import { imageToInput, interpreter, mobilenetV2, type RgbImage } from '../../reference/index.ts';
import { importModel, type ImportFlags } from '../commands/import.ts';
import { decodeGraph } from '../formats/plumb.ts';
import { writeOnnx } from '../formats/onnx/write.ts';
import { writeTfjs } from '../formats/tfjs/write.ts';
import { writeTflite } from '../formats/tflite/write.ts';
import { kernelsModule } from '../kernels.ts';
import { temporaryFolder } from './temporary.ts';
import { filesOf } from './tfjs-models.ts';

const folder = temporaryFolder();
const graph = mobilenetV2({ width: 0.1, resolution: 16, classes: 3 });
const labels = folder.write('labels.txt', 'a\nb\nc\n');
const output = join(folder.path, 'out.plumb');
const flags: ImportFlags = {
  output,
  labels,
  mean: '100,110,120',
  std: '50,60,70',
  channels: 'bgr',
  resize: 'cover',
  crop: '0.875',
  json: true,
};

const shards = filesOf(writeTfjs(graph).model, 50_000);
for (const [name, bytes] of shards) folder.write(name, bytes);
const files = {
  onnx: folder.write('net.onnx', writeOnnx(graph).bytes),
  // The name says nothing.
  tflite: folder.write('net.bin', writeTflite(graph).bytes),
  tfjs: join(folder.path, 'model.json'),
};
const image: RgbImage = {
  width: 40,
  height: 23,
  data: Uint8Array.from({ length: 40 * 23 * 3 }, (_, i) => (i * 89) % 256),
};

it.each(Object.entries(files))(
  '%s becomes a graph that command and fast path feed alike',
  async (_format, path) => {
    importModel(path, flags);
    const imported = decodeGraph(output, readFileSync(output));
    expect(imported.labels).toEqual(['a', 'b', 'c']);
    expect(imported.preprocessing).toEqual({
      resize: 'cover',
      crop: 0.875,
      channels: 'bgr',
      mean: [100, 110, 120],
      std: [50, 60, 70],
    });
    expect(imported.provenance['sha256']).toMatch(/^[0-9a-f]{64}$/);
    expect(imported.operators.every(({ source }) => source !== undefined)).toBe(true);
    const input = imageToInput(imported, image);
    const [expected] = interpreter(imported).run([input]).outputs;
    const [original] = interpreter(graph).run([input]).outputs;
    expect(expected?.data).toEqual(original?.data);
    const program = await loadProgram(compileGraph(imported), kernelsModule());
    expect(program.description.image?.crop).toBe(0.875);
    const [found] = program.runImage(image);
    const [same] = program.run(input as Float32Array);
    expect(found).toEqual(same);
  },
);

it.each<readonly [string, string, ImportFlags, string]>([
  [
    'a weights file that is not there',
    folder.write(
      'lost.json',
      Buffer.from(shards.get('model.json') ?? [])
        .toString()
        .replace('shard1', 'lost'),
    ),
    flags,
    'group1-lost.bin: Expected a readable file.',
  ],
  [
    'labels of other classes',
    files.tflite,
    { ...flags, labels: folder.write('two.txt', 'a\nb\n') },
    'Graph: Expected as many labels as classes, 3, but found 2',
  ],
  [
    'no labels',
    files.tflite,
    { output },
    'Expected labels in the file or --labels FILE but found neither',
  ],
  [
    'no preprocessing',
    files.tflite,
    { output, labels },
    'Expected preprocessing as --mean R,G,B and --std R,G,B and --channels rgb|bgr and --resize squash|cover, since the file does not say it',
  ],
  [
    'a Keras file',
    folder.write('net.h5', Uint8Array.of(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a)),
    flags,
    'Expected ONNX, TensorFlow Lite or TensorFlow.js but found a Keras file',
  ],
])('refuses %s and writes nothing', (_name, path, given, text) => {
  const fresh = join(folder.path, 'fresh.plumb');
  expect(() => {
    importModel(path, { ...given, output: fresh });
  }).toThrow(text);
  expect(existsSync(fresh)).toBe(false);
});
