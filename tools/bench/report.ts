/** The results as text. */

import { percent, table } from '../commands/context.ts';
import type { BarResult, BarUnit } from './bars.ts';
import type { Timing } from './measure.ts';
import { ownName } from './own.ts';
import type { BenchResults } from './results.ts';
import type { Summary } from './statistics.ts';

export function reportText(results: BenchResults, bars: readonly BarResult[]): string {
  return [
    machineText(results),
    ...results.networks.map(({ model, form, timings }) =>
      section(`${model} ${form}: ms an inference`, timingRows(timings)),
    ),
    ...(results.layers.length === 0 ? [] : [section('Layers', layerRows(results))]),
    ...(results.loads.length === 0
      ? []
      : [section('Loading against inference: mean CPU ms', loadRows(results))]),
    ...(results.cold.length === 0
      ? []
      : [section('Cold start: median wall ms, new processes', coldRows(results))]),
    section('Bytes', byteRows(results)),
    ...browserSections(results),
    section('Bars', barRows(bars)),
    ...results.notes.map((note) => `Left out: ${note}`),
  ].join('\n\n');
}

/** Every layer of every network. */
export function layersText({ layers }: BenchResults): string {
  return layers
    .map(({ model, form, variant, layers: timed }) =>
      section(`${model} ${form} ${variant}`, [
        ['layer', 'kind', 'output', 'kernels', 'CPU ms', 'M MACs', 'bytes', 'G MACs/s', 'of peak'],
        ...timed.map(({ name, kind, output, kernels, macs, bytes, ofPeak, ...layer }) => [
          name,
          kind,
          output.join('x'),
          kernels.join(' '),
          layer.milliseconds.toFixed(4),
          (macs / 1e6).toFixed(2),
          String(bytes),
          (macs / (layer.milliseconds * 1e6)).toFixed(1),
          macs === 0 ? '-' : percent(ofPeak),
        ]),
      ]),
    )
    .join('\n\n');
}

function section(title: string, rows: readonly (readonly string[])[]): string {
  return `${title}\n${table(rows)}`;
}

function machineText({ machine, peaks }: BenchResults): string {
  const { gigahertz: clock, float32, float32Fused, int16, int16Sums, int8Dot } = peaks;
  const rate = (name: string, value: number | undefined, unit: number): string[] =>
    value === undefined
      ? []
      : [`${name} ${(value * unit).toFixed(1)} (${((value * unit) / clock).toFixed(1)} a cycle)`];
  return [
    `${machine.processor}, ${machine.platform}, Node ${machine.node} (V8 ${machine.v8}), CPU time of the ${machine.cpuTimeOf}`,
    [
      `Peaks: ${clock.toFixed(2)} GHz`,
      ...rate('float32 mul + add GFLOP/s', float32, 2),
      ...rate('fused', float32Fused, 2),
      ...rate('int16 dot and add GMAC/s', int16, 1),
      ...rate('summed', int16Sums, 1),
      ...rate('int8 relaxed dot', int8Dot, 1),
      `copy GB/s ${peaks.cacheBandwidth.toFixed(0)} in the cache`,
      `${peaks.memoryBandwidth.toFixed(0)} in memory`,
    ].join(', '),
  ].join('\n');
}

function timingRows(timings: readonly Timing[]): readonly (readonly string[])[] {
  const base = (
    timings.find(({ name }) => name === ownName('relaxed')) ??
    timings.find(({ name }) => name === ownName('simd'))
  )?.cpu.median;
  return [
    ['runtime', 'CPU median', 'p10', 'p90', 'wall median', 'p10', 'p90', 'samples', 'ours / it'],
    ...timings.map(({ name, cpu, wall }) => [
      name,
      ...quantiles(cpu),
      ...quantiles(wall),
      String(cpu.samples),
      base === undefined ? '-' : (base / cpu.median).toFixed(3),
    ]),
  ];
}

function quantiles({ median, p10, p90 }: Summary): readonly string[] {
  return [median, p10, p90].map(milliseconds);
}

/** Four digits, as far as the clock is good for them. */
function milliseconds(value: number): string {
  return value >= 100 ? value.toFixed(1) : value >= 10 ? value.toFixed(2) : value.toFixed(3);
}

function layerRows({ layers, networks }: BenchResults): readonly (readonly string[])[] {
  return [
    [
      'network',
      'variant',
      'layers ms',
      'bound ms',
      'network / bound',
      'pointwise of peak',
      'of relaxed dot',
    ],
    ...layers.map((report) => {
      const { model, form, variant, milliseconds: time, lowerBound, pointwiseOfPeak } = report;
      const { int8Dot } = report.peaks;
      const whole = networks
        .find((network) => network.model === model && network.form === form)
        ?.timings.find(({ name }) => name === ownName(variant))?.cpu.median;
      return [
        `${model} ${form}`,
        variant,
        milliseconds(time),
        milliseconds(lowerBound),
        whole === undefined ? '-' : (whole / lowerBound).toFixed(2),
        percent(pointwiseOfPeak),
        form === 'int8' && int8Dot !== undefined
          ? percent((pointwiseOfPeak * report.peak) / int8Dot)
          : '-',
      ];
    }),
  ];
}

function loadRows({ loads }: BenchResults): readonly (readonly string[])[] {
  return [
    ['network', 'variant', 'load', 'inference', 'share of loading', 'original experiment'],
    ...loads.map(({ model, form, variant, load, inference, loadShare }) => [
      `${model} ${form}`,
      variant,
      milliseconds(load.mean),
      milliseconds(inference.mean),
      percent(loadShare),
      model === 'large' ? '48 % falling to 26 %' : 'over 90 %',
    ]),
  ];
}

function coldRows({ cold }: BenchResults): readonly (readonly string[])[] {
  const stage = (summary: Summary | undefined): string =>
    summary === undefined ? '-' : milliseconds(summary.median);
  return [
    [
      'network',
      'runtime',
      'compile',
      'self-test',
      'instantiate',
      'load',
      'inference',
      'total',
      'p90',
    ],
    ...cold.map(({ model, form, name, stages, total }) => [
      `${model} ${form}`,
      name,
      stage(stages.compile),
      stage(stages.selfTest),
      stage(stages.instantiate),
      stage(stages.load),
      stage(stages.firstInference),
      milliseconds(total.median),
      milliseconds(total.p90),
    ]),
  ];
}

function byteRows({ kernels, programs }: BenchResults): readonly (readonly string[])[] {
  return [
    ['what', 'raw', 'brotli', 'arena', 'wasm memory'],
    ...kernels.map(({ variant, raw, brotli }) => [
      `kernels ${variant}`,
      String(raw),
      String(brotli),
      '-',
      '-',
    ]),
    ...programs.map(({ model, form, raw, brotli, arena, memory }) => [
      `Program ${model} ${form}`,
      ...[raw, brotli, arena, memory].map(String),
    ]),
  ];
}

function browserSections({ browser }: BenchResults): readonly string[] {
  return (browser?.networks ?? []).map(({ model, form, timings }) =>
    section(`${model} ${form} in ${browser?.version ?? ''}: wall ms an inference`, [
      ['runtime', 'median', 'p10', 'p90', 'samples'],
      ...timings.map(({ name, wall }) => [name, ...quantiles(wall), String(wall.samples)]),
    ]),
  );
}

function barRows(bars: readonly BarResult[]): readonly (readonly string[])[] {
  return [
    ['bar', 'measured', 'goal', 'verdict'],
    ...bars.map(({ text, unit, goal, limit, value, met }) => [
      text,
      value === undefined ? '-' : inUnit(value, unit),
      `${limit === 'most' ? '<=' : '>='} ${inUnit(goal, unit)}`,
      met === undefined ? 'not measured' : met ? 'met' : 'NOT MET',
    ]),
  ];
}

export function inUnit(value: number, unit: BarUnit): string {
  switch (unit) {
    case 'ratio':
      return value >= 10 ? value.toFixed(1) : value.toFixed(3);
    case 'fraction':
      return `${(100 * value).toFixed(2)} %`;
    case 'ms':
    case 'KB':
    case 'MB':
      return `${value.toFixed(2)} ${unit}`;
  }
}
