/** Every rule of a Program: the smallest change that breaks it, and the text of its error. */

import { describe, expect, it } from 'vitest';
import {
  mobilenetV2,
  operatorGraph,
  type GivenAttributes,
  type OperatorKind,
} from '../../reference/index.ts';
import type { ProgramDescription, ProgramTensor } from '../program/description.ts';
import {
  HEADER_BYTES,
  headerFields,
  MAGIC,
  PROGRAM_BASE,
  STEP_BYTES,
  VERSION,
  writeWords,
  type Header,
  type Step,
} from '../program/format.ts';
import { kernels } from '../program/kernels.ts';
import { resizeWorkspaceBytes } from '../program/resize-workspace.ts';
import { loadProgram, ProgramError, programRules, type ProgramRule } from '../runtime/index.ts';
import { kernelsModule } from '../../tools/kernels.ts';
import {
  descriptionOf,
  headerOf,
  programOf,
  stepsOf,
  withDescription,
  withHeader,
  withStep,
  withText,
} from './programs.ts';

interface Case {
  readonly rule: ProgramRule;
  readonly name: string;
  readonly program: Uint8Array;
  /** Subject and text. */
  readonly message: string;
  readonly kernels?: WebAssembly.Module;
}

const network = programOf(
  mobilenetV2({ width: 0.1, resolution: 32, classes: 3, labels: ['a', 'b', 'c'] }),
);
const header = headerOf(network);
const imageEnd = PROGRAM_BASE + header.imageBytes;
const arenaEnd = imageEnd + header.arenaBytes;
const [input = unexpected(), output = unexpected()] = [
  descriptionOf(network).inputs[0],
  descriptionOf(network).outputs[0],
];

function unexpected(): never {
  throw new Error('Expected a valid Program to begin with');
}

/** One operator on zeros of the given shapes: activations, then constants. */
function single<K extends OperatorKind>(
  kind: K,
  attributes: GivenAttributes<K>,
  ...shapes: readonly (readonly number[])[]
): Uint8Array {
  const inputs = shapes.map((shape) => ({
    shape,
    data: new Float32Array(shape.reduce((a, b) => a * b, 1)),
  }));
  return programOf(operatorGraph(kind, 'float32', attributes, inputs).graph);
}

const image = [1, 4, 4, 8];
const relu = single('relu', {}, image);
const conv = single('conv2d', {}, image, [8, 3, 3, 8]);
const depthwise = single('depthwiseConv2d', {}, image, [1, 3, 3, 8]);
const repeated = single('depthwiseConv2d', {}, image, [1, 1, 1, 16]);
const add = single('add', {}, image, image);
const pool = single('averagePool', { size: [2, 2] }, image);
const mean = single('mean', {}, image);
const softmax = single('softmax', {}, image);
const pad = single(
  'pad',
  {
    padding: [
      [0, 0],
      [1, 1],
      [1, 1],
      [0, 0],
    ],
  },
  image,
);
const reshape = single('reshape', { shape: [2, 64] }, [1, 4, 4, 8]);
const unaligned = single('reshape', { shape: [24, 2] }, [1, 4, 4, 3]);
const large = single('relu', {}, [1, 128, 128, 8]);
const depthwiseCodes = programOf(
  operatorGraph('depthwiseConv2d', 'int8', { multiplier: [1], shift: [0] }, [
    { shape: image, data: new Int8Array(4 * 4 * 8) },
    { shape: [1, 3, 3, 8], data: new Int8Array(72) },
  ]).graph,
);
const wide = programOf(
  operatorGraph('fullyConnected', 'int16', { multiplier: [1], shift: [0] }, [
    { shape: [1, 8], data: new Int16Array(8) },
    { shape: [8, 8], data: new Int16Array(64).fill(32767) },
  ]).graph,
);

const inHeader = (rule: ProgramRule, name: string, words: Partial<Header>, text: string): Case => ({
  rule,
  name,
  program: withHeader(network, words),
  message: `Program: ${text}`,
});

const inStep = (
  rule: ProgramRule,
  program: Uint8Array,
  words: Partial<Step>,
  text: string,
  index = 0,
): Case => {
  const kernel = kernels[stepsOf(program)[index]?.kernel ?? -1];
  const changed = Object.entries(words)
    .map(([field, word]) => `${field} ${String(word)}`)
    .join(', ');
  return {
    rule,
    name: `${String(kernel?.name)} with ${changed}`,
    program: withStep(program, index, words),
    message: `Step ${String(index)} (${String(kernel?.name)}): ${text}`,
  };
};

const inDescription = (
  rule: ProgramRule,
  name: string,
  edit: (description: ProgramDescription) => object,
  message: string,
): Case => ({ rule, name, program: withDescription(network, edit), message });

const withInput = (words: Partial<ProgramTensor>) => (description: ProgramDescription) => ({
  ...description,
  inputs: [{ ...input, ...words }],
});

const withOutput = (words: object) => (description: ProgramDescription) => ({
  ...description,
  outputs: [{ ...output, ...words }],
});

const withImage = (words: object) => (description: ProgramDescription) => ({
  ...description,
  image: { ...description.image, ...words },
});

/** A Program without steps and arena, of a description alone. */
function described(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  const program = new Uint8Array(HEADER_BYTES + bytes.length);
  writeWords(new DataView(program.buffer), 0, headerFields, {
    magic: MAGIC,
    version: VERSION,
    imageBytes: program.length,
    arenaBytes: 0,
    steps: PROGRAM_BASE,
    stepCount: 0,
    description: PROGRAM_BASE + HEADER_BYTES,
    descriptionBytes: bytes.length,
  });
  program.set(bytes, HEADER_BYTES);
  return program;
}

/** A module that exports a memory of a page, and `dataEnd`, a function that returns LEB128 `end`. */
function moduleWithoutKernels(...end: readonly number[]): WebAssembly.Module {
  const text = (name: string): readonly number[] => [
    name.length,
    ...new TextEncoder().encode(name),
  ];
  const section = (id: number, ...content: readonly number[]): readonly number[] => [
    id,
    content.length,
    ...content,
  ];
  const body = [0, 0x41, ...end, 0x0b];
  return new WebAssembly.Module(
    Uint8Array.from([
      ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      ...section(1, 1, 0x60, 0, 1, 0x7f),
      ...section(3, 1, 0),
      ...section(5, 1, 0, 1),
      ...section(7, 2, ...text('memory'), 2, 0, ...text('dataEnd'), 0, 0),
      ...section(10, 1, body.length, ...body),
    ]),
  );
}

const MAX_EXTENT = 2 ** 28;
const MAX_PRODUCTS = 2 ** 20;
const MAX_WINDOW = 2 ** 12;

/** One below and one above what each of the `fields` may be. */
function beyond(fields: readonly (keyof Step)[], min: number, max: number): readonly Case[] {
  return fields.flatMap((field) =>
    [min - 1, max + 1].map((found) =>
      inStep(
        'extent',
        conv,
        { [field]: found },
        `Expected ${field} in [${String(min)}, ${String(max)}] but found ${String(found)}`,
      ),
    ),
  );
}

const headerCases: readonly Case[] = [
  {
    rule: 'program-size',
    name: 'less than a header',
    program: network.subarray(0, 31),
    message: 'Program: Expected at least 32 bytes but found 31',
  },
  {
    rule: 'program-size',
    name: 'nothing',
    program: new Uint8Array(),
    message: 'Program: Expected at least 32 bytes but found 0',
  },
  ...([0, -1] as const).map((magic) =>
    inHeader(
      'magic',
      `magic ${String(magic)}`,
      { magic },
      `Expected a Program, which begins with "PLMB", but found ${magic === 0 ? '0x0' : '0xffffffff'}`,
    ),
  ),
  inHeader('version', 'version 2', { version: 2 }, 'Expected version 1 but found 2'),
  {
    rule: 'image-bytes',
    name: 'the last byte missing',
    program: network.subarray(0, -1),
    message: `Program: Expected ${String(header.imageBytes)} bytes, as the header says, but found ${String(header.imageBytes - 1)}`,
  },
  inHeader(
    'memory-bytes',
    'a byte too many',
    { arenaBytes: 2 ** 30 - imageEnd + 1 },
    'Expected image and arena to take at most 1073741824 bytes but found 1073741825',
  ),
  inHeader(
    'memory-bytes',
    'an arena of less than nothing',
    { arenaBytes: -1 },
    `Expected image and arena to take at most 1073741824 bytes but found ${String(imageEnd - 1)}`,
  ),
  ...[-1, 10_001, 4000].map((stepCount) =>
    inHeader(
      'step-table',
      `${String(stepCount)} steps`,
      { stepCount },
      `Expected ${String(stepCount)} steps inside the image but found their table at ${String(header.steps)}`,
    ),
  ),
  ...[PROGRAM_BASE - 1, imageEnd - 66 * STEP_BYTES + 1].map((steps) =>
    inHeader(
      'step-table',
      `steps at ${String(steps)}`,
      { steps },
      `Expected 66 steps inside the image but found their table at ${String(steps)}`,
    ),
  ),
  ...[PROGRAM_BASE - 1, imageEnd - header.descriptionBytes + 1].map((description) =>
    inHeader(
      'description-range',
      `description at ${String(description)}`,
      { description },
      `Expected the description inside the image but found it at ${String(description)}`,
    ),
  ),
  inHeader(
    'description-range',
    'a description of less than nothing',
    { descriptionBytes: -1 },
    `Expected the description inside the image but found it at ${String(header.description)}`,
  ),
  {
    rule: 'description-bytes',
    name: 'a byte more than 4 MiB',
    program: described(' '.repeat(2 ** 22 + 1)),
    message: 'Program: Expected a description of at most 4194304 bytes but found 4194305',
  },
];

const stepCases: readonly Case[] = [
  {
    rule: 'work',
    name: 'a window of 2^20 on 2^17 elements',
    program: withStep(large, 0, { kernelHeight: 2 ** 10, kernelWidth: 2 ** 10 }),
    message: 'Program: Expected at most 100000000000 multiply-accumulates but found 137438953472',
  },
  {
    rule: 'work',
    name: 'rows of windows far apart, laid out for 2^14 rows of outputs',
    program: withHeader(
      withStep(depthwiseCodes, 0, {
        ...{ outHeight: 2 ** 14, outWidth: 100, strideX: 2 ** 12, kernelHeight: 1, kernelWidth: 1 },
        ...{
          output: PROGRAM_BASE + depthwiseCodes.length,
          scratch: PROGRAM_BASE + depthwiseCodes.length,
        },
      }),
      { arenaBytes: 2 ** 26 },
    ),
    message: 'Program: Expected at most 100000000000 multiply-accumulates but found 212621197312',
  },
  ...[-1, kernels.length].map((kernel) => ({
    rule: 'kernel' as const,
    name: `kernel ${String(kernel)}`,
    program: withStep(relu, 0, { kernel }),
    message: `Step 0: Expected one of ${String(kernels.length)} kernels but found ${String(kernel)}`,
  })),
  ...beyond(
    [
      'batches',
      'inHeight',
      'inWidth',
      'inChannels',
      'inStride',
      'outHeight',
      'outWidth',
      'outChannels',
      'outStride',
    ],
    1,
    MAX_EXTENT,
  ),
  ...beyond(['kernelHeight', 'kernelWidth', 'strideY', 'strideX'], 1, MAX_WINDOW),
  ...beyond(['padTop', 'padLeft'], 0, MAX_WINDOW),
  inStep(
    'extent',
    conv,
    { kernelHeight: 1024, kernelWidth: 1024 },
    'Expected products in [1, 1048576] but found 8388608',
  ),
  ...[0, MAX_PRODUCTS + 1].map((flush) =>
    inStep('extent', wide, { flush }, `Expected flush in [1, 1048576] but found ${String(flush)}`),
  ),
  inStep(
    'extent',
    conv,
    { outHeight: 2 ** 20, strideY: 1025 },
    'Expected the last window’s end in [1, 1073741824] but found 1074789378',
  ),
  inStep('stride', conv, { inStride: 7 }, 'Expected inStride to be at least 8 but found 7'),
  ...[4, 12].map((outStride) =>
    inStep(
      'stride',
      conv,
      { outStride },
      `Expected outStride to be a multiple of 8, at least 8 but found ${String(outStride)}`,
    ),
  ),
  inStep(
    'stride',
    conv,
    { outChannels: 9 },
    'Expected outStride to be a multiple of 8, at least 9 but found 8',
  ),
  ...[-4, 0, 6, MAX_PRODUCTS + 4].map((block) =>
    inStep(
      'stride',
      conv,
      { block },
      `Expected block to be a multiple of 4 but found ${String(block)}`,
    ),
  ),
  ...[relu, depthwise, add, softmax, pool, mean].map((program) =>
    inStep(
      'shape',
      program,
      { inStride: 9 },
      'Expected inStride and outStride to be equal but found 9 and 8',
    ),
  ),
  ...[pool, mean, pad].map((program) =>
    inStep(
      'shape',
      program,
      { inChannels: 7 },
      'Expected inChannels and outChannels to be equal but found 7 and 8',
    ),
  ),
  ...(['outHeight', 'outWidth'] as const).map((field) =>
    inStep('shape', mean, { [field]: 2 }, `Expected ${field} 1 but found 2`),
  ),
  // Windows before the image, after its last row, and after its last column: sums of no pixels.
  inStep(
    'shape',
    pool,
    { padTop: 2 },
    'Expected windows that meet the image but found 3 positions',
  ),
  inStep(
    'shape',
    pool,
    { strideY: 2 },
    'Expected windows that meet the image but found 3 positions',
  ),
  inStep(
    'shape',
    pool,
    { outWidth: 5 },
    'Expected windows that meet the image but found 5 positions',
  ),
  inStep('shape', unaligned, { inChannels: 2 }, 'Expected 32 elements but found 48'),
  ...(['inHeight', 'inWidth'] as const).map((field) =>
    inStep(
      'shape',
      repeated,
      { [field]: 3 },
      `Expected ${field} and ${field.replace('in', 'out')} to be equal but found 3 and 4`,
    ),
  ),
  inStep('shape', repeated, { inChannels: 7 }, 'Expected a multiple of 7 channels but found 16'),
  ...constantsBeyond(conv, 'weights', 2304),
  ...constantsBeyond(conv, 'parameters', 32),
  ...activationBeyond(add, 'input', 512),
  ...activationBeyond(add, 'second', 512),
  ...arenaBeyond(conv, 'output', 128),
  ...arenaBeyond(conv, 'scratch', scratchBytes()),
];

function scratchBytes(): number {
  // 4 windows of 72 float32.
  return 4 * 72 * 4;
}

function edgesOf(program: Uint8Array): { readonly imageEnd: number; readonly arenaEnd: number } {
  const { imageBytes, arenaBytes } = headerOf(program);
  const end = PROGRAM_BASE + imageBytes;
  return { imageEnd: end, arenaEnd: end + arenaBytes };
}

function constantsBeyond(
  program: Uint8Array,
  field: 'weights' | 'parameters',
  bytes: number,
): readonly Case[] {
  const edges = edgesOf(program);
  return [-(2 ** 31), -1, 0, PROGRAM_BASE - 1, edges.imageEnd - bytes + 1, 2 ** 31 - 1].map(
    (found) =>
      inStep(
        'constant-pointer',
        program,
        { [field]: found },
        `Expected ${field}, ${String(bytes)} bytes, inside the image but found them at ${String(found)}`,
      ),
  );
}

function activationBeyond(
  program: Uint8Array,
  field: 'input' | 'second',
  bytes: number,
): readonly Case[] {
  const edges = edgesOf(program);
  // Not across the end of the image either.
  return [-1, PROGRAM_BASE - 1, edges.imageEnd - 1, edges.arenaEnd - bytes + 1, 2 ** 31 - 1].map(
    (found) =>
      inStep(
        'activation-pointer',
        program,
        { [field]: found },
        `Expected ${field}, ${String(bytes)} bytes, inside arena or image but found them at ${String(found)}`,
      ),
  );
}

function arenaBeyond(
  program: Uint8Array,
  field: 'output' | 'scratch',
  bytes: number,
): readonly Case[] {
  const edges = edgesOf(program);
  return [-1, PROGRAM_BASE, edges.imageEnd - 1, edges.arenaEnd - bytes + 1, 2 ** 31 - 1].map(
    (found) =>
      inStep(
        'arena-pointer',
        program,
        { [field]: found },
        `Expected ${field}, ${String(bytes)} bytes, inside the arena but found them at ${String(found)}`,
      ),
  );
}

const immense = Array<number>(15).fill(2 ** 31 - 1);
const workspaceBytes = resizeWorkspaceBytes(32);
const workspaceText = (wanted: string, found: number): string =>
  `Tensor "image": Expected an image input with ${wanted} but found ${String(found)}`;

/** A description with a million wrong items of a list. */
function listed(list: string): string {
  const items = Array<number>(2 ** 20).fill(0);
  const tensor = { ...input, shape: [1] };
  const first = list === 'shape' ? { ...tensor, shape: items } : tensor;
  return JSON.stringify({
    name: '',
    precision: 'float32',
    inputs: list === 'inputs' ? items : [first],
    outputs: [tensor],
    intermediates: [],
    labels: list === 'labels' ? items : [],
  });
}

const descriptionCases: readonly Case[] = [
  {
    rule: 'description',
    name: 'no text',
    program: withText(network, ''),
    message: 'Program: Expected a valid description. Unexpected end of JSON input',
  },
  ...(
    [
      ['no object', () => [], 'Expected an object but found an array'],
      ['an unknown key', (d) => ({ ...d, more: 1 }), 'Expected no key "more" but found one'],
      [
        'an unknown precision',
        (d) => ({ ...d, precision: 'int4' }),
        'precision: Expected one of float32, int16, int8 but found "int4"',
      ],
      ['no input', (d) => ({ ...d, inputs: [] }), 'inputs: Expected at least 1 but found 0'],
      [
        'a label that is no text',
        (d) => ({ ...d, labels: ['a', 1] }),
        'labels.1: Expected a string but found 1',
      ],
      [
        'an extent of 0',
        withOutput({ shape: [1, 0] }),
        'outputs.0.shape.1: Expected more than 0 but found 0',
      ],
      [
        '17 axes',
        withOutput({ shape: Array(17).fill(1) }),
        'outputs.0.shape: Expected at most 16 but found 17',
      ],
      [
        'an unknown type',
        withOutput({ type: 'int64' }),
        'outputs.0.type: Expected one of float32, int16, int8, uint8 but found "int64"',
      ],
      [
        'an unknown key of a tensor',
        withOutput({ steps: 1 }),
        'outputs.0: Expected no key "steps" but found one',
      ],
      [
        'an address that is none',
        withOutput({ address: 0.5 }),
        'outputs.0.address: Expected an integer but found 0.5',
      ],
      [
        'an address below 0',
        withOutput({ address: -1 }),
        'outputs.0.address: Expected at least 0 but found -1',
      ],
      [
        'a stride of 0',
        withOutput({ stride: 0 }),
        'outputs.0.stride: Expected more than 0 but found 0',
      ],
      [
        'channels in no order',
        withImage({ channels: 'gbr' }),
        'image.channels: Expected one of rgb, bgr but found "gbr"',
      ],
      [
        'a crop that keeps more than there is',
        withImage({ crop: 1.5 }),
        'image.crop: Expected at most 1 but found 1.5',
      ],
      [
        'a crop that keeps next to nothing',
        withImage({ crop: 0 }),
        'image.crop: Expected at least 0.1 but found 0',
      ],
    ] as const satisfies readonly (readonly [
      string,
      (description: ProgramDescription) => object,
      string,
    ])[]
  ).map(([name, edit, text]) =>
    inDescription('description', name, edit, `Program: Expected a valid description. ${text}`),
  ),
  // All issues at once would take a stack, and gigabytes.
  ...[
    ['labels', 'labels.0: Expected a string but found 0'],
    ['inputs', 'inputs.0: Expected an object but found 0'],
    ['shape', 'inputs.0.shape: Expected at most 16 but found 1048576'],
  ].map(([list = '', text = '']) => ({
    rule: 'description' as const,
    name: `a million issues of ${list}`,
    program: described(listed(list)),
    message: `Program: Expected a valid description. ${text}`,
  })),
  ...[PROGRAM_BASE, imageEnd - 1, arenaEnd - 3 * 1024 * 4 + 1, 2 ** 31 - 1].map((address) =>
    inDescription(
      'tensor-range',
      `an input at ${String(address)}`,
      withInput({ address }),
      `Tensor "image": Expected 12288 bytes inside arena or image but found them at ${String(address)}`,
    ),
  ),
  inDescription(
    'tensor-range',
    'elements across their alignment',
    withOutput({ address: imageEnd + 2 }),
    `Tensor "probabilities": Expected 32 bytes inside arena or image but found them at ${String(imageEnd + 2)}`,
  ),
  inDescription(
    'tensor-range',
    'more bytes than integers are exact for',
    withOutput({ shape: [...immense, 3] }),
    `Tensor "probabilities": Expected ${String(immense.reduce((a, b) => a * b) * 32)} bytes inside arena or image but found them at ${String(output.address)}`,
  ),
  inDescription(
    'tensor-stride',
    'fewer elements a pixel than channels',
    withOutput({ stride: 2 }),
    'Tensor "probabilities": Expected a stride of at least 3 but found 2',
  ),
  inDescription(
    'tensor-stride',
    'an input with gaps',
    withInput({ stride: 4 }),
    'Tensor "image": Expected a stride of at least 3 but found 4',
  ),
  {
    rule: 'tensor-bytes',
    name: 'the same large output over and over',
    program: withDescription(withHeader(network, { arenaBytes: 2 ** 28 }), (d) => ({
      ...withOutput({ shape: [2 ** 23, 8], address: imageEnd })(d),
      intermediates: [1, 2, 3, 4].map((steps) => ({
        ...output,
        shape: [2 ** 23, 8],
        address: imageEnd,
        steps,
      })),
      labels: [],
    })),
    message:
      'Program: Expected outputs and intermediates of at most 1073741824 bytes in all but found 1342177280',
  },
  ...[0, 67].map((steps) =>
    inDescription(
      'tensor-steps',
      `complete after ${String(steps)} steps`,
      (d) => ({
        ...d,
        intermediates: d.intermediates.map((each, i) => (i === 1 ? { ...each, steps } : each)),
      }),
      `Tensor "block_0/depthwise": Expected to be complete after 1 to 66 steps but found ${String(steps)}`,
    ),
  ),
  inDescription(
    'labels',
    'two labels for three classes',
    (d) => ({ ...d, labels: ['a', 'b'] }),
    'Program: Expected 3 labels or none but found 2',
  ),
  ...[
    [32, 32, 3],
    [1, 16, 64, 1, 3],
    [2, 16, 32, 3],
    [1, 32, 24, 4],
  ].map((shape) =>
    inDescription(
      'image',
      `an input of shape [${shape.join(', ')}]`,
      withInput({ shape, stride: shape.at(-1) ?? 0 }),
      `Tensor "image": Expected an image input with shape [1, h, w, 3] but found [${shape.join(', ')}]`,
    ),
  ),
  ...[PROGRAM_BASE - 1, imageEnd - 3 * 256 * 4 + 1].map((tables) =>
    inDescription(
      'image',
      `tables at ${String(tables)}`,
      withImage({ tables }),
      workspaceText('tables inside the image', tables),
    ),
  ),
  ...[imageEnd - 1, arenaEnd - workspaceBytes + 1].map((workspace) =>
    inDescription(
      'image',
      `workspace at ${String(workspace)}`,
      withImage({ workspace }),
      workspaceText('a workspace inside the arena', workspace),
    ),
  ),
  // Pixels written over the workspace would be the addresses that the next row goes to.
  ...[input.address - workspaceBytes + 1, input.address, input.address + 12_287].map(
    (workspace) => ({
      rule: 'image' as const,
      name: `workspace ${String(workspace - input.address)} bytes from the input`,
      program: withDescription(
        withHeader(network, { arenaBytes: 4 * header.arenaBytes }),
        withImage({ workspace }),
      ),
      message: workspaceText('a workspace beside it', workspace),
    }),
  ),
];

const kernelCases: readonly Case[] = [
  {
    rule: 'kernel-export',
    name: 'kernels that export none',
    program: relu,
    kernels: moduleWithoutKernels(0),
    message: 'Kernels: Expected the kernels to export "clamp_f32"',
  },
  {
    rule: 'kernel-export',
    name: 'a module that is none of kernels',
    program: relu,
    kernels: new WebAssembly.Module(Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0])),
    message: 'Kernels: Expected the kernels to export "memory"',
  },
  {
    rule: 'kernel-export',
    name: 'kernels that resize no image',
    program: network,
    kernels: moduleWithoutKernels(0),
    message: 'Kernels: Expected the kernels to export "resizeBegin"',
  },
  {
    rule: 'kernel-base',
    name: 'kernels with data where Programs lie',
    program: relu,
    kernels: moduleWithoutKernels(0x81, 0x80, 0x01),
    message: "Kernels: Expected the kernels' own data to end below 16384 but found 16385",
  },
];

const cases = [...headerCases, ...stepCases, ...descriptionCases, ...kernelCases];

describe.each(Object.keys(programRules) as ProgramRule[])('%s', (rule) => {
  const own = cases.filter((each) => each.rule === rule);

  it('has a test', () => {
    expect(own).not.toEqual([]);
  });

  it.each(own)('$name', async ({ program, message, kernels: other }) => {
    const error: unknown = await loadProgram(program, other ?? kernelsModule()).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(ProgramError);
    expect(error).toMatchObject({ rule, message });
    expect(message).toMatch(`${(error as ProgramError).subject}: `);
  });
});

it.each(
  Object.entries({
    network,
    relu,
    conv,
    depthwise,
    repeated,
    add,
    pool,
    mean,
    softmax,
    pad,
    reshape,
    unaligned,
    large,
    wide,
  }),
)('loads %s unchanged', async (_name, program) => {
  const { description } = await loadProgram(program, kernelsModule());
  expect(description).toEqual(descriptionOf(program));
});

it.each([
  [relu.buffer, 'ArrayBuffer'],
  [[...relu], 'Array'],
  ['PLMB', 'string'],
  [undefined, 'undefined'],
])('refuses what is no Uint8Array: case %#', async (program, found) => {
  await expect(loadProgram(program as never, kernelsModule())).rejects.toThrow(
    new TypeError(`Expected the Program as Uint8Array but found ${found}`),
  );
});

it('loads a Program that lies in shared memory', async () => {
  const shared = new Uint8Array(new SharedArrayBuffer(relu.length));
  shared.set(relu);
  const { description } = await loadProgram(shared, kernelsModule());
  expect(description).toEqual(descriptionOf(relu));
});

it('loads a Program that lies anywhere in its buffer', async () => {
  const buffer = new Uint8Array(relu.length + 2);
  buffer.set(relu, 1);
  const { bytes } = await loadProgram(buffer.subarray(1, -1), kernelsModule());
  expect(bytes.program).toBe(relu.length);
});
