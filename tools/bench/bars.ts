/** The bars: what the fast path is to reach, as ratios within one run. */

import type { Variant } from '../../fastpath/runtime/index.ts';
import type { EmbeddedName } from '../models.ts';
import type { FormName } from './forms.ts';
import { ownName } from './own.ts';
import { timingOf, type BenchResults } from './results.ts';

export type BarUnit = 'ratio' | 'fraction' | 'ms' | 'KB' | 'MB';

interface Bar {
  readonly text: string;
  readonly unit: BarUnit;
  readonly goal: number;
  /** Whether the goal is the most or the least that the value may be. */
  readonly limit: 'most' | 'least';
  /** Undefined where it was not measured. */
  readonly value: (results: BenchResults) => number | undefined;
}

export interface BarResult {
  readonly text: string;
  readonly unit: BarUnit;
  readonly goal: number;
  readonly limit: 'most' | 'least';
  readonly value?: number;
  /** Absent where the value was not measured. */
  readonly met?: boolean;
}

const liteRt = ['litert-simd', 'litert-relaxed'];
const onnxRuntime = ['onnxruntime-web'];

/** Ratios are of medians of CPU time. Where no variant is named it is `relaxed`, against the fastest build of the peer. */
const bars: readonly Bar[] = [
  ratio('large float32 relaxed / LiteRT.js relaxed', 0.67, (results) => [
    own(results, 'large', 'float32'),
    fastest(results, 'large', ['float32'], ['litert-relaxed']),
  ]),
  ratio('large float32 simd / LiteRT.js plain SIMD', 0.68, (results) => [
    own(results, 'large', 'float32', 'simd'),
    fastest(results, 'large', ['float32'], ['litert-simd']),
  ]),
  ratio('large int8 / LiteRT.js int8', 0.7, (results) => [
    own(results, 'large', 'int8'),
    fastest(results, 'large', ['int8'], liteRt),
  ]),
  ratio('large int16 / our large int8', 1.25, (results) => [
    own(results, 'large', 'int16'),
    own(results, 'large', 'int8'),
  ]),
  ratio('large int16 / ONNX Runtime Web 16-bit (16- or 8-bit weights)', 0.35, (results) => [
    own(results, 'large', 'int16'),
    fastest(results, 'large', ['int16', 'int16-int8'], onnxRuntime),
  ]),
  ratio('large int16 full-range / our large int8', 2, (results) => [
    own(results, 'large', 'int16-full'),
    own(results, 'large', 'int8'),
  ]),
  ratio('small float32 relaxed / LiteRT.js relaxed', 0.55, (results) => [
    own(results, 'small', 'float32'),
    fastest(results, 'small', ['float32'], ['litert-relaxed']),
  ]),
  ratio('small float32 simd / LiteRT.js plain SIMD', 0.55, (results) => [
    own(results, 'small', 'float32', 'simd'),
    fastest(results, 'small', ['float32'], ['litert-simd']),
  ]),
  ratio('small int8 / LiteRT.js int8', 0.65, (results) => [
    own(results, 'small', 'int8'),
    fastest(results, 'small', ['int8'], liteRt),
  ]),
  ratio('large float32 / TensorFlow.js pure JavaScript', 1 / 40, (results) => [
    own(results, 'large', 'float32'),
    fastest(results, 'large', ['float32'], ['tfjs-cpu']),
  ]),
  pointwise('float32', 'relaxed', 0.88),
  pointwise('float32', 'simd', 0.72),
  pointwise('int8', 'relaxed', 0.75),
  bound('float32', 1.25),
  bound('int8', 1.6),
  {
    text: 'large int8 cold: bytes to first result',
    unit: 'ms',
    goal: 40,
    limit: 'most',
    value: (results) => coldOf(results, ownName('relaxed')),
  },
  {
    text: 'large int8 cold: ONNX Runtime Web / ours',
    unit: 'ratio',
    goal: 10,
    limit: 'least',
    value: (results) =>
      divide(coldOf(results, 'onnxruntime-web'), coldOf(results, ownName('relaxed'))),
  },
  kernelBytes('simd', 'raw', 40),
  kernelBytes('simd', 'brotli', 14),
  kernelBytes('relaxed', 'raw', 40),
  kernelBytes('relaxed', 'brotli', 14),
  memory('large', 'int8', 4.5),
  memory('large', 'float32', 13),
  memory('small', 'int8', 0.8),
];

/** Every bar with what a run measured. */
export function barResults(results: BenchResults): readonly BarResult[] {
  return bars.map(({ text, unit, goal, limit, value }) => {
    const measured = value(results);
    if (measured === undefined) return { text, unit, goal, limit };
    const met = limit === 'most' ? measured <= goal : measured >= goal;
    return { text, unit, goal, limit, value: measured, met };
  });
}

function ratio(
  text: string,
  goal: number,
  parts: (results: BenchResults) => readonly [number | undefined, number | undefined],
): Bar {
  return {
    text,
    unit: 'ratio',
    goal,
    limit: 'most',
    value: (results) => divide(...parts(results)),
  };
}

function pointwise(form: FormName, variant: Variant, goal: number): Bar {
  return {
    text: `large ${form} ${variant}, pointwise convolutions of the SIMD128 peak`,
    unit: 'fraction',
    goal,
    limit: 'least',
    value: (results) => layersOf(results, form, variant)?.pointwiseOfPeak,
  };
}

function bound(form: FormName, goal: number): Bar {
  return ratio(`large ${form} / arithmetic lower bound`, goal, (results) => [
    own(results, 'large', form),
    layersOf(results, form, 'relaxed')?.lowerBound,
  ]);
}

function kernelBytes(variant: Variant, encoding: 'raw' | 'brotli', goal: number): Bar {
  return {
    text: `kernels ${variant}, ${encoding}`,
    unit: 'KB',
    goal,
    limit: 'most',
    value: ({ kernels }) =>
      divide(kernels.find((each) => each.variant === variant)?.[encoding], 1e3),
  };
}

function memory(model: EmbeddedName, form: FormName, goal: number): Bar {
  return {
    text: `${model} ${form}, wasm memory after loading`,
    unit: 'MB',
    goal,
    limit: 'most',
    value: ({ programs }) =>
      divide(
        programs.find((program) => program.model === model && program.form === form)?.memory,
        1e6,
      ),
  };
}

function own(
  results: BenchResults,
  model: EmbeddedName,
  form: FormName,
  variant: Variant = 'relaxed',
): number | undefined {
  return timingOf(results, model, form, ownName(variant))?.cpu.median;
}

/** The least median of CPU time among forms and builds; undefined where one of the builds was not timed in any form. */
function fastest(
  results: BenchResults,
  model: EmbeddedName,
  forms: readonly FormName[],
  names: readonly string[],
): number | undefined {
  const times = names.map((name) =>
    Math.min(...forms.map((form) => timingOf(results, model, form, name)?.cpu.median ?? Infinity)),
  );
  return times.every(Number.isFinite) ? Math.min(...times) : undefined;
}

function layersOf(
  { layers }: BenchResults,
  form: FormName,
  variant: Variant,
): BenchResults['layers'][number] | undefined {
  return layers.find(
    (each) => each.model === 'large' && each.form === form && each.variant === variant,
  );
}

function coldOf({ cold }: BenchResults, name: string): number | undefined {
  return cold.find((each) => each.model === 'large' && each.form === 'int8' && each.name === name)
    ?.total.median;
}

function divide(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a / b;
}
