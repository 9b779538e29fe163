/** A report whose back end's texts are hostile. */

import type { ReportData, ReportResult } from '../data.ts';

export const hostile = `</style><script>alert(1)</script>" onload='x' | \`\`\` ![](http://x) \u202e\u0000 &amp;`;

const results: readonly ReportResult[] = [
  {
    kind: 'conv2d',
    precision: 'float32',
    compared: 300,
    notRun: 0,
    uncompared: 4,
    worst: 0.0321,
    milliseconds: 1234,
    coverage: { 'rows: 1': 20, 'channels: 1': 0 },
  },
  {
    kind: 'conv2d',
    precision: 'int16',
    mode: 'int16 with int8 weights',
    compared: 0,
    notRun: 300,
    refusal: hostile,
    uncompared: 0,
    worst: 0,
    milliseconds: 12,
    coverage: { 'rows: 1': 0 },
  },
  {
    kind: 'averagePool',
    precision: 'int8',
    compared: 7,
    notRun: 0,
    uncompared: 0,
    worst: 0,
    milliseconds: 90,
    coverage: { 'rows: 1': 1 },
    failure: {
      failing: {
        kind: 'averagePool',
        precision: 'int8',
        attributes: { size: [2, 1] },
        inputs: [{ shape: [1, 2, 1, 1], data: Int8Array.of(-2, 1) }],
      },
      text: `Expected element 0 to be -1 but found 0 ${hostile}`,
      violation: { index: 0, expected: -1, found: 0, bound: 0 },
      output: { shape: [1, 1, 1, 1], expected: [-1], found: [0] },
      explanation: 'M1 the sum -1 by 2',
      file: 'AAAA',
    },
  },
  {
    kind: 'softmax',
    precision: 'float32',
    compared: 0,
    notRun: 0,
    uncompared: 0,
    worst: 0,
    milliseconds: 5000,
    stopped: 'Expected results within 5 s but found none',
  },
];

export const example: ReportData = {
  created: '2026-01-02T03:04:05.000Z',
  version: '0.1.0',
  platform: 'Node 24, linux x64',
  runs: 300,
  seed: 7,
  backends: [
    { name: 'right', argument: 'right', results: results.slice(0, 1) },
    { name: hostile, argument: "./it's mine.ts", results },
  ],
};

export const withMutants: ReportData = {
  ...example,
  mutants: {
    variant: 'simd',
    seed: 1,
    sites: 50,
    mutations: 500,
    cases: 2000,
    seconds: 60,
    score: 0.98,
    total: { mutants: 110, wrong: 96, trap: 1, timeout: 1, guard: 0, equivalent: 10, survived: 2 },
    kernels: {
      'addInt8 and 2 more': {
        mutants: 110,
        wrong: 96,
        trap: 1,
        timeout: 1,
        guard: 0,
        equivalent: 10,
        survived: 2,
      },
    },
    survivors: [{ kernels: ['addInt8'], context: ['i32.add <b>'] }],
  },
};
