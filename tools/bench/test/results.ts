/** Made-up results for tests of what is told of them. */

import type { LayerReport } from '../layers.ts';
import type { Timing } from '../measure.ts';
import type { Peaks } from '../peaks.ts';
import type { BenchResults } from '../results.ts';
import { summarize, type Summary } from '../statistics.ts';

export const peaks: Peaks = {
  gigahertz: 4,
  float32: 32,
  float32Fused: 32,
  int16: 64,
  int16Sums: 56,
  int8Dot: 128,
  cacheBandwidth: 180,
  memoryBandwidth: 40,
};

/** Five samples around `value`. */
export function around(value: number): Summary {
  return summarize([0.9, 0.95, 1, 1.05, 1.2].map((factor) => factor * value));
}

export function timing(name: string, milliseconds: number): Timing {
  return { name, batch: 1, cpu: around(milliseconds), wall: around(milliseconds * 1.5) };
}

const layerReport: LayerReport = {
  layers: [
    {
      name: 'expand',
      kind: 'pointwise',
      kernels: ['conv2d_f32'],
      output: [1, 14, 14, 96],
      macs: 32e6,
      bytes: 1e6,
      milliseconds: 1.25,
      ofPeak: 0.8,
    },
    {
      name: 'sum <&>',
      kind: 'other',
      kernels: ['add_f32'],
      output: [1, 14, 14, 96],
      macs: 0,
      bytes: 1e6,
      milliseconds: 0.25,
      ofPeak: 0,
    },
  ],
  peaks,
  peak: 32,
  milliseconds: 1.5,
  macs: 32e6,
  lowerBound: 1,
  pointwiseOfPeak: 0.8,
};

/** The large model at float32 in both variants and one peer. */
export const results: BenchResults = {
  machine: {
    processor: 'Some <processor>',
    node: '24.0.0',
    v8: '13.6',
    platform: 'linux x64',
    cpuTimeOf: 'thread',
  },
  iterations: 5,
  peaks,
  networks: [
    {
      model: 'large',
      form: 'float32',
      timings: [
        timing('plumbline-simd', 2),
        timing('plumbline-relaxed', 1.5),
        timing('litert-relaxed', 3),
      ],
      differences: { 'plumbline-relaxed': 1e-7, 'litert-relaxed': 2e-7 },
    },
  ],
  layers: [
    { model: 'large', form: 'float32', variant: 'simd', ...layerReport },
    { model: 'large', form: 'float32', variant: 'relaxed', ...layerReport },
  ],
  loads: [
    {
      model: 'large',
      form: 'float32',
      variant: 'relaxed',
      load: around(1),
      inference: around(3),
      loadShare: 0.25,
    },
  ],
  cold: [
    {
      model: 'large',
      form: 'int8',
      name: 'plumbline-relaxed',
      stages: {
        compile: around(1),
        selfTest: around(1.5),
        instantiate: around(2),
        load: around(3),
        firstInference: around(14),
      },
      total: around(20),
    },
    {
      model: 'large',
      form: 'int8',
      name: 'onnxruntime-web',
      stages: { load: around(500), firstInference: around(100) },
      total: around(600),
    },
  ],
  kernels: [{ variant: 'relaxed', raw: 41_000, brotli: 9000 }],
  programs: [
    { model: 'large', form: 'int8', raw: 2e6, brotli: 1.9e6, arena: 1.5e6, memory: 4.2e6 },
  ],
  notes: ['tfjs-cpu: not installed'],
};
