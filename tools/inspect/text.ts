/** An inspection as text. */

import { table } from '../commands/context.ts';
import type { InspectedLayer, Inspection } from './index.ts';
import { storedBytes, type TensorSummary } from './layers.ts';
import type { WidthEffect } from '../sensitivity/index.ts';

const MAX_LABELS_TOLD = 12;

export function inspectionText(inspection: Inspection): string {
  return [
    headText(inspection),
    layerTable(inspection),
    weightTable(inspection),
    ...measureLines(inspection),
    ...inspection.notes.map((note) => `Left out: ${note}`),
  ].join('\n\n');
}

function headText(inspection: Inspection): string {
  const { name, precision, fileBytes, container, provenance, labels } = inspection;
  const more = labels.length > MAX_LABELS_TOLD ? ', ...' : '';
  return [
    `${name}: ${precision}, ${String(fileBytes)} bytes`,
    ...(container === undefined
      ? []
      : [
          `  container: ${String(container.bytes)} bytes, of layers ${String(container.layers)}, of all else ${String(container.rest)}`,
        ]),
    ...Object.entries(provenance).map(([topic, text]) => `  ${topic}: ${text}`),
    ...preprocessingLines(inspection),
    `  labels: ${labels.slice(0, MAX_LABELS_TOLD).join(', ')}${more}`,
  ].join('\n');
}

export function preprocessingLines({
  preprocessing,
}: Pick<Inspection, 'preprocessing'>): readonly string[] {
  if (preprocessing === undefined) return [];
  const { resize, crop, channels, mean, std, integer } = preprocessing;
  const manner = crop === undefined ? resize : `${resize}, crop ${String(crop)}`;
  const codes =
    integer === undefined
      ? ''
      : `, code = ${String(integer.multiplier)} x + ${String(integer.offset)}`;
  return [
    `  input: ${manner}, ${channels}, (x - [${mean.join(', ')}]) / [${std.join(', ')}]${codes}`,
  ];
}

function layerTable({ operators, total, container }: Inspection): string {
  return table([
    [
      'operator',
      'kind',
      'window',
      'output',
      'range',
      'scale',
      'zero point',
      'weight scales',
      'work',
      'bytes',
      ...(container === undefined ? [] : ['coded']),
      'ms',
    ],
    ...operators.map((layer) => [
      layer.name,
      layer.kind,
      windowText(layer),
      layer.output.shape.join('x'),
      rangeText(layer.observed),
      scaleText(layer.output),
      String(layer.output.zeroPoint ?? '-'),
      layer.weights === undefined ? '-' : scaleText(layer.weights),
      String(layer.multiplyAccumulates),
      String(layer.bytes.total),
      ...(container === undefined ? [] : [String(layer.coded?.total ?? '-')]),
      millisecondsText(layer.milliseconds),
    ]),
    [
      'total',
      '',
      '',
      '',
      '',
      '-',
      '-',
      '-',
      String(total.multiplyAccumulates),
      String(total.bytes),
      ...(container === undefined ? [] : [String(container.layers)]),
      millisecondsText(total.milliseconds),
    ],
  ]);
}

/** Layers with weights: what they take, and what fewer bits of each alone do to the logits. */
function weightTable({ operators, total, container, widths, before }: Inspection): string {
  const layers = operators.filter((layer) => layer.weights !== undefined);
  const all = container?.layers ?? total.bytes;
  const measured = layers.some(({ sensitivity }) => sensitivity !== undefined);
  const codes = layers.some(({ weights }) => weights?.entropy !== undefined);
  return table([
    [
      'layer',
      'weights',
      'bytes',
      ...(container === undefined ? [] : ['coded', 'bits a weight']),
      'of all',
      'weight range',
      ...(codes ? ['entropy'] : []),
      ...(before === undefined ? [] : ['weights dB']),
      ...(measured ? widths.map((bits) => `${String(bits)} bits`) : []),
    ],
    ...layers.map((layer) => [
      layer.name,
      String(layer.weights?.count ?? 0),
      String(layer.bytes.total),
      ...(container === undefined
        ? []
        : [String(layer.coded?.total ?? '-'), codedBits(layer)?.toFixed(2) ?? '-']),
      `${((100 * storedBytes(layer)) / Math.max(all, 1)).toFixed(1)} %`,
      rangeText(layer.weights?.range),
      ...(codes ? [layer.weights?.entropy?.toFixed(2) ?? '-'] : []),
      ...(before === undefined ? [] : [decibelText(layer.weights?.before?.sqnr)]),
      ...(measured ? widths.map((bits) => effectText(effectAt(layer.sensitivity, bits))) : []),
    ]),
  ]);
}

function measureLines({ samples, variant, operators, before }: Inspection): readonly string[] {
  if (variant === undefined) return [];
  const measured = operators.some(({ sensitivity }) => sensitivity !== undefined);
  const sizes = before?.sqnr === undefined ? undefined : { ...before, sqnr: before.sqnr };
  return [
    [
      `Ranges${measured ? ' and sensitivity' : ''}: on ${samples.description}, with the ${variant} kernels.`,
      ...(measured
        ? [
            'Sensitivity: the layer’s weights alone rounded to so many bits; power of the logits over that of what changes, in dB',
            '(20 dB: a tenth), and in brackets how many inputs get another class.',
          ]
        : []),
      ...(sizes === undefined
        ? []
        : [
            `Logits against ${sizes.name} (${sizes.precision}): ${decibelText(sizes.sqnr)} dB, another class for ${String(sizes.changed ?? 0)} of ${String(samples.count)}.`,
          ]),
    ].join('\n'),
  ];
}

/** Bits that a weight takes in the container. */
export function codedBits({
  coded,
  weights,
}: Pick<InspectedLayer, 'coded' | 'weights'>): number | undefined {
  if (coded === undefined || weights === undefined) return undefined;
  return (8 * coded.weights) / weights.count;
}

export function effectAt(
  sensitivity: InspectedLayer['sensitivity'],
  bits: number,
): WidthEffect | undefined {
  return sensitivity?.find((effect) => effect.bits === bits);
}

function effectText(effect: WidthEffect | undefined): string {
  if (effect === undefined) return '-';
  const { sqnr, changed } = effect;
  return changed === 0 ? decibelText(sqnr) : `${decibelText(sqnr)} (${String(changed)})`;
}

/** `same` where not a bit differs. */
export function decibelText(sqnr: number | undefined): string {
  if (sqnr === undefined || Number.isNaN(sqnr)) return '-';
  return sqnr === Infinity ? 'same' : sqnr.toFixed(1).replace('-0.0', '0.0');
}

export function millisecondsText(milliseconds: number | undefined): string {
  return milliseconds === undefined ? '-' : milliseconds.toFixed(4);
}

export function rangeText(range: readonly [number, number] | undefined): string {
  return range === undefined ? '-' : range.map((end) => end.toPrecision(3)).join(' .. ');
}

export function scaleText({ scale }: Pick<TensorSummary, 'scale'>): string {
  if (scale === undefined) return '-';
  const [min, max] = scale;
  return min === max ? min.toPrecision(4) : `${min.toPrecision(3)} .. ${max.toPrecision(3)}`;
}

/** Window and stride: `3x3/2`. */
export function windowText({ kind, attributes, weights }: InspectedLayer): string {
  const stride = 'stride' in attributes ? attributes.stride : undefined;
  const size =
    'size' in attributes
      ? attributes.size
      : kind === 'conv2d' || kind === 'depthwiseConv2d'
        ? weights?.shape.slice(1, 3)
        : undefined;
  if (size === undefined) return '';
  const moved = stride === undefined || stride.every((step) => step === 1);
  return `${size.join('x')}${moved ? '' : `/${String(stride[0])}`}`;
}
