/**
 * Makes fastpath/runtime/self-test-data.ts: a tiny network in each precision, compiled, and what the reference computes
 * of it. `--check` says whether the file is what would be made.
 *
 * npm run self-test [-- --check]
 */

import { readFileSync } from 'node:fs';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { compileGraph } from '../fastpath/compile/index.ts';
import { checkProgram, elementBytes } from '../fastpath/program/check-program.ts';
import { headerFields, PROGRAM_BASE, readWords } from '../fastpath/program/format.ts';
import { selfTestImage, type SelfTestCase } from '../fastpath/runtime/self-test.ts';
import {
  imageToInput,
  interpreter,
  quantizeGraph,
  RangeObserver,
  validateGraph,
  type Graph,
} from '../reference/index.ts';
import { writeBytes } from './files.ts';
import { packagePath, precisionNames } from './models.ts';

type Parts = Pick<Graph, 'tensors' | 'operators'>;

/** Weights in {-1, 0, 1}: with pixels of 7 fractional bits, every float32 sum is exact in whatever order it is taken. */
function ternary(length: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 16) % 3 === 0 ? 0 : (state >>> 20) % 2 === 0 ? 1 : -1;
  });
}

/** Beyond a tile of 8, and no multiple of it. */
const CHANNELS = 12;
const CLASSES = 10;
const SIDE = 8;

/**
 * The kinds of operator that MobileNetV2 has, once each: convolutions 3x3 and 1x1, depthwise, addition, average
 * pool, mean, fully connected, softmax.
 */
export function selfTestGraph(): Graph {
  const tensors: Graph['tensors'][number][] = [];
  const operators: Graph['operators'][number][] = [];
  const tensor = (name: string, shape: readonly number[], data?: Float32Array): number =>
    tensors.push({ name, type: 'float32', shape, ...(data === undefined ? {} : { data }) }) - 1;
  const weights = (name: string, shape: readonly number[]): number =>
    tensor(
      name,
      shape,
      ternary(
        shape.reduce((a, b) => a * b, 1),
        tensors.length + 1,
      ),
    );
  const bias = (name: string, channels: number): number =>
    tensor(
      name,
      [channels],
      Float32Array.from({ length: channels }, (_, i) => (i % 5) - 1),
    );
  const half = SIDE / 2;
  const [stem, depthwise, expand, project, sum, pool, mean, logits, softmax] = [
    ['stem', [1, half, half, CHANNELS]],
    ['depthwise', [1, half, half, CHANNELS]],
    ['expand', [1, half, half, CHANNELS]],
    ['project', [1, half, half, CHANNELS]],
    ['sum', [1, half, half, CHANNELS]],
    ['pool', [1, half / 2, half / 2, CHANNELS]],
    ['mean', [1, CHANNELS]],
    ['logits', [1, CLASSES]],
    ['softmax', [1, CLASSES]],
  ] as const;
  const input = tensor('image', [1, SIDE, SIDE, 3]);
  const window = { dilation: [1, 1], padding: [1, 1, 1, 1] } as const;
  const pointwise = { dilation: [1, 1], padding: [0, 0, 0, 0], stride: [1, 1], groups: 1 } as const;
  const stemOut = tensor(...stem);
  operators.push({
    kind: 'conv2d',
    name: 'stem',
    inputs: [input, weights('stem weights', [CHANNELS, 3, 3, 3]), bias('stem bias', CHANNELS)],
    output: stemOut,
    attributes: {
      ...window,
      padding: [0, 1, 0, 1],
      stride: [2, 2],
      groups: 1,
      activation: 'relu6',
    },
  });
  const depthwiseOut = tensor(...depthwise);
  operators.push({
    kind: 'depthwiseConv2d',
    name: 'depthwise',
    inputs: [stemOut, weights('taps', [1, 3, 3, CHANNELS]), bias('taps bias', CHANNELS)],
    output: depthwiseOut,
    attributes: { ...window, stride: [1, 1], activation: 'relu6' },
  });
  const expandOut = tensor(...expand);
  operators.push({
    kind: 'conv2d',
    name: 'expand',
    inputs: [
      depthwiseOut,
      weights('expand weights', [CHANNELS, 1, 1, CHANNELS]),
      bias('expand bias', CHANNELS),
    ],
    output: expandOut,
    attributes: { ...pointwise, activation: 'relu6' },
  });
  const projectOut = tensor(...project);
  operators.push({
    kind: 'conv2d',
    name: 'project',
    inputs: [
      expandOut,
      weights('project weights', [CHANNELS, 1, 1, CHANNELS]),
      bias('project bias', CHANNELS),
    ],
    output: projectOut,
    attributes: { ...pointwise, activation: 'none' },
  });
  const sumOut = tensor(...sum);
  operators.push({
    kind: 'add',
    name: 'sum',
    inputs: [projectOut, depthwiseOut],
    output: sumOut,
    attributes: { activation: 'none' },
  });
  const poolOut = tensor(...pool);
  operators.push({
    kind: 'averagePool',
    name: 'pool',
    inputs: [sumOut],
    output: poolOut,
    attributes: { size: [2, 2], stride: [2, 2], padding: [0, 0, 0, 0], activation: 'none' },
  });
  const meanOut = tensor(...mean);
  operators.push({
    kind: 'mean',
    name: 'mean',
    inputs: [poolOut],
    output: meanOut,
    attributes: { keepDimensions: false },
  });
  const logitsOut = tensor(...logits);
  operators.push({
    kind: 'fullyConnected',
    name: 'logits',
    inputs: [meanOut, weights('classes', [CLASSES, CHANNELS]), bias('classes bias', CLASSES)],
    output: logitsOut,
    attributes: { activation: 'none' },
  });
  const softmaxOut = tensor(...softmax);
  operators.push({
    kind: 'softmax',
    name: 'softmax',
    inputs: [logitsOut],
    output: softmaxOut,
    attributes: { beta: 1 },
  });
  const parts: Parts = { tensors, operators };
  return {
    ...parts,
    name: 'self-test',
    precision: 'float32',
    inputs: [input],
    outputs: [softmaxOut, logitsOut, meanOut],
    labels: [],
    preprocessing: {
      resize: 'squash',
      channels: 'rgb',
      mean: [128, 128, 128],
      std: [128, 128, 128],
    },
    provenance: {},
  };
}

/** The graph in every precision, the integers from what its activations are on the image of the test. */
export function selfTestGraphs(): readonly Graph[] {
  const graph = selfTestGraph();
  const observer = new RangeObserver(graph);
  observer.observe(selfTestImage());
  const record = { ranges: observer.ranges() };
  return precisionNames.map((precision) =>
    precision === 'float32' ? graph : quantizeGraph(graph, record, { precision }),
  );
}

/** What the kernels need of a graph, compiled, and what is to come out of it. */
export function selfTestCase(graph: Graph): SelfTestCase {
  validateGraph(graph);
  // In bands, so that moving lines is tested too.
  const program = compileGraph(graph, { bandBytes: 1 });
  const { description, steps, end } = checkProgram(program);
  const [input] = description.inputs;
  if (description.image === undefined || input === undefined) {
    throw new Error('Expected a network that takes an image');
  }
  const view = new DataView(program.buffer, program.byteOffset, program.byteLength);
  const { description: textAddress } = readWords(view, 0, headerFields);
  const answers = interpreter(graph).run([imageToInput(graph, selfTestImage())]);
  return {
    precision: description.precision,
    words: Array.from({ length: (textAddress - PROGRAM_BASE) / 4 }, (_, i) =>
      view.getInt32(4 * i, true),
    ),
    end,
    target: {
      workspace: description.image.workspace,
      tables: description.image.tables,
      output: input.address,
      width: SIDE,
      height: SIDE,
      elementBytes: elementBytes[input.type],
      channels: description.image.channels,
    },
    steps: steps.map(({ kernel, record }) => [kernel.name, record] as const),
    outputs: description.outputs.map(({ address }, i) => {
      const { data } = answers.outputs[i] ?? { data: new Uint8Array(0) };
      return {
        address,
        bytes: Array.from(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
      };
    }),
  };
}

/** As JSON, which engines read faster than base64 and array literals (measured). */
export function selfTestSource(): string {
  return `/** The cases of the self-test: tiny networks, compiled, and what the reference computes; made by tools/self-test.ts. */

export const selfTestData =
  '${JSON.stringify(selfTestGraphs().map(selfTestCase))}';
`;
}

export const selfTestPath = packagePath('fastpath', 'runtime', 'self-test-data.ts');

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  if (!process.argv.includes('--check')) writeBytes(selfTestPath, selfTestSource());
  else if (readFileSync(selfTestPath, 'utf8') !== selfTestSource()) {
    process.stdout.write(`differs: ${selfTestPath}\n`);
    process.exitCode = 1;
  }
}
