/** An inspection as one page, to be read without a script. */

import { literal } from '../../conformance/report/counterexample.ts';
import { number, numbers, renderPage, section, table } from '../../conformance/report/page.ts';
import { markup, visible, type Content, type Markup } from '../../conformance/report/text.ts';
import { bar, changeText, histogram, short, shortNames, tradeChart, type Point } from './charts.ts';
import { arcsOf, flowPiece } from './flow.ts';
import type { InspectedLayer, Inspection } from './index.ts';
import { storedBytes, type TensorSummary } from './layers.ts';
import { style } from './style.ts';
import {
  codedBits,
  decibelText,
  effectAt,
  preprocessingLines,
  rangeText,
  scaleText,
  windowText,
} from './text.ts';

/** The width that charts show, of those that were measured: the first that changes anything. */
const SHOWN_WIDTHS = [4, 3, 2];
const NAME_CHARACTERS = 26;
const MAX_LABELS_TOLD = 40;
/** Of a text in a layer's details: attributes may hold a number for each channel. */
const MAX_DETAIL = 300;

/** The page. Equal inspections give equal bytes. */
export function renderInspection(inspection: Inspection): string {
  const { name, precision } = inspection;
  const measured = measuredOf(inspection);
  return renderPage({
    title: `${short(name, 80)}, ${precision}`,
    style,
    heading: `${short(name, 80)}, ${precision}`,
    lead: lead(inspection),
    sections: [
      section('network', 'Network', network(inspection, measured)),
      ...(measured.points.length === 0
        ? []
        : [section('trade', 'What to compress', trade(inspection, measured))]),
      section('weights', 'Weights', weights(inspection)),
      section('layers', 'Layer by layer', details(inspection)),
      section('model', 'Model', model(inspection)),
    ],
    footer: markup`Written by <code>plumbline inspect</code>. The rules of scales and zero points are in reference/SEMANTICS.md.`,
  });
}

function lead({
  operators,
  container,
  total,
  fileBytes,
  samples,
  variant,
  before,
  notes,
}: Inspection): Content {
  const layers = operators.filter((layer) => layer.weights !== undefined);
  const fact = (value: string, text: string): Markup =>
    markup`<li><strong>${value}</strong> ${text}</li>`;
  return markup`<ul class="facts">
      ${container === undefined ? fact(grouped(fileBytes), 'bytes in its file') : fact(grouped(container.bytes), 'bytes of its container')}
      ${fact(grouped(total.weights), `weights in ${String(layers.length)} layers`)}
      ${fact(`${(total.multiplyAccumulates / 1e6).toFixed(1)} M`, 'multiply-accumulates')}
      ${total.milliseconds === undefined ? '' : fact(`${total.milliseconds.toPrecision(3)} ms`, 'all layers together')}
      ${before?.sqnr === undefined ? '' : fact(`${decibelText(before.sqnr)} dB`, `logits against ${before.precision}`)}
    </ul>
    <p class="lead">${concentration(layers)}</p>
    <p class="soft">
      ${variant === undefined ? '' : `Ranges${total.milliseconds === undefined ? '' : ', times (CPU, one core)'}${layers.some(({ sensitivity }) => sensitivity !== undefined) ? ' and sensitivity' : ''}: on ${samples.description}, with the ${variant} kernels.`}
      ${before?.changed === undefined ? '' : `Another class than ${short(before.name, 60)} (${before.precision}) for ${String(before.changed)} of ${String(samples.count)}.`}
    </p>
    ${notes.map((note) => markup`<p>Left out: ${visible(note)}</p>`)}`;
}

/** How few layers have most of the bytes. */
function concentration(layers: readonly InspectedLayer[]): string {
  const sizes = layers.map(storedBytes).toSorted((a, b) => b - a);
  const all = sizes.reduce((a, b) => a + b, 0);
  let [count, bytes] = [0, 0];
  while (bytes < 0.8 * all) bytes += sizes[count++] ?? all;
  if (count === 0) return 'No layer has weights.';
  return `${String(count)} of ${String(layers.length)} layers have ${((100 * bytes) / all).toFixed(0)} % of the weights’ bytes.`;
}

/** The layers' names where there is little room. */
function namesOf(operators: Inspection['operators']): readonly string[] {
  return shortNames(
    operators.map(({ name }) => name),
    NAME_CHARACTERS,
  );
}

/** The width that charts show, and the layers whose sensitivity is known with what it changes. */
interface Measured {
  readonly bits: number;
  readonly points: readonly Point[];
}

function measuredOf({ operators }: Inspection): Measured {
  const names = namesOf(operators);
  const all = SHOWN_WIDTHS.map((bits): Measured => ({
    bits,
    points: operators.flatMap((layer, i) => {
      const change = changeOf(layer, bits);
      return change === undefined ? [] : [{ layer, name: names[i] ?? '', change }];
    }),
  }));
  const shown = all.find(({ points }) => points.some(({ change }) => change > 0)) ?? all[0];
  return shown ?? { bits: NaN, points: [] };
}

/** Amplitude of the difference over that of the logits. */
function changeOf({ sensitivity }: InspectedLayer, bits: number): number | undefined {
  const effect = effectAt(sensitivity, bits);
  return effect === undefined ? undefined : 10 ** (-effect.sqnr / 20);
}

function network(
  { operators, inputs, container }: Inspection,
  { bits, points }: Measured,
): Content {
  const arcs = arcsOf(operators);
  const names = namesOf(operators);
  const timed = operators.some(({ milliseconds }) => milliseconds !== undefined);
  const most = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b), 0);
  const mostBytes = most(operators.map(({ bytes }) => bytes.total));
  const mostCoded = most(operators.map(({ coded }) => coded?.total ?? 0));
  const mostTime = most(operators.map(({ milliseconds = 0 }) => milliseconds));
  const mostChange = most(points.map(({ change }) => change).filter(Number.isFinite));
  const [input] = inputs;
  const rows = operators.map((layer, i) => {
    const next = operators[i + 1];
    const ways = {
      fromAbove: layer.inputs.some(({ from }) => from === i - 1),
      toBelow: next?.inputs.some(({ from }) => from === i) === true,
    };
    const change = changeOf(layer, bits);
    return markup`<tr>
      <td class="drawn">${flowPiece(i + 1, layer, layer.output.shape.at(-1) ?? 1, ways, arcs)}</td>
      <th scope="row"><a href="#layer-${i}">${names[i] ?? ''}</a></th>
      <td>${kindText(layer)}</td>
      <td>${layer.output.shape.join(' × ')}</td>
      ${measure(grouped(layer.bytes.total), bar(layer.bytes.total, mostBytes, 'blue'))}
      ${container === undefined ? '' : codedCell(layer, mostCoded)}
      ${timed ? measure(layer.milliseconds?.toFixed(mostTime < 1 ? 4 : 3) ?? '', bar(layer.milliseconds ?? 0, mostTime, 'orange')) : ''}
      ${points.length === 0 ? '' : change === undefined ? markup`<td></td>` : measure(changeText(change), bar(Number.isFinite(change) ? change : mostChange, mostChange, 'purple'))}
    </tr>`;
  });
  const begins = operators[0]?.inputs.some(({ from }) => from === -1) === true;
  return markup`<p>
      One row a layer, in the order of computation; a block is as wide as its layer has channels.
      Bars of a column have one scale.
    </p>
    ${table(
      'The network from input to output',
      [
        markup`<td></td>`,
        'layer',
        'kind',
        'output',
        numbers('bytes'),
        ...(container === undefined ? [] : [numbers('coded')]),
        ...(timed ? [numbers('ms')] : []),
        ...(points.length === 0 ? [] : [numbers(`change of logits at ${String(bits)} bits`)]),
      ],
      markup`<tbody>
        <tr>
          <td class="drawn">${flowPiece(0, undefined, input?.shape.at(-1) ?? 1, { fromAbove: false, toBelow: begins }, arcs)}</td>
          <th scope="row">${inputs.map(({ name }) => short(name, NAME_CHARACTERS)).join(', ')}</th>
          <td>input</td>
          <td>${inputs.map(({ shape }) => shape.join(' × ')).join(', ')}</td>
          <td></td>${container === undefined ? '' : markup`<td></td>`}${timed ? markup`<td></td>` : ''}${points.length === 0 ? '' : markup`<td></td>`}
        </tr>
        ${rows}
      </tbody>`,
      'network',
    )}
    <ul class="legend">
      ${[
        ['blue', 'pointwise'],
        ['purple', 'convolution'],
        ['orange', 'depthwise'],
        ['green', 'fully connected'],
        ['grey', 'without weights'],
      ].map(
        ([colour = '', text = '']) =>
          markup`<li><svg width="14" height="14" aria-hidden="true"><rect class="${colour}" width="14" height="14" rx="3" /></svg> ${text}</li>`,
      )}
    </ul>`;
}

function codedCell({ coded }: InspectedLayer, most: number): Markup {
  return coded === undefined
    ? markup`<td></td>`
    : measure(grouped(coded.total), bar(coded.total, most, 'blue'));
}

function measure(text: string, drawn: Markup): Markup {
  return markup`<td class="number"><div class="measure"><span>${text}</span>${drawn}</div></td>`;
}

function kindText(layer: InspectedLayer): string {
  const window = windowText(layer);
  return window === '' ? layer.kind : `${layer.kind} ${window}`;
}

function trade({ total, container }: Inspection, { bits, points }: Measured): Content {
  const tolerable = points.filter(({ change }) => change <= 0.03);
  const bytes = tolerable.reduce((sum, { layer }) => sum + storedBytes(layer), 0);
  const all = container?.layers ?? total.bytes;
  return markup`<p>
      ${tolerable.length} of ${points.length} layers, with ${((100 * bytes) / Math.max(all, 1)).toFixed(0)} % of the bytes, change
      the logits by at most 3 % where their weights alone have ${bits} bits, rounded to nearest. What
      layers change adds up, roughly as the root of the sum of squares.
    </p>
    ${tradeChart(points, bits)}`;
}

function weights({ operators, total, container, widths, before }: Inspection): Content {
  const all = container?.layers ?? total.bytes;
  const names = namesOf(operators);
  const layers = operators.flatMap((layer, i) =>
    layer.weights === undefined ? [] : [{ layer, weights: layer.weights, i }],
  );
  const measured = layers.some(({ layer }) => layer.sensitivity !== undefined);
  const codes = layers.some((each) => each.weights.entropy !== undefined);
  const rows = layers.map(
    ({ layer, weights: own, i }) =>
      markup`<tr>
        <th scope="row"><a href="#layer-${i}">${names[i] ?? ''}</a></th>
        ${number(grouped(own.count))}${number(grouped(layer.bytes.total))}
        ${container === undefined ? '' : markup`${number(layer.coded === undefined ? '' : grouped(layer.coded.total))}${number(codedBits(layer)?.toFixed(2) ?? '')}`}
        ${number(`${((100 * storedBytes(layer)) / Math.max(all, 1)).toFixed(1)} %`)}
        ${codes ? number(own.entropy?.toFixed(2) ?? '') : ''}
        ${before === undefined ? '' : number(decibelText(own.before?.sqnr))}
        ${measured ? widths.map((bits) => effectCell(layer, bits)) : ''}
      </tr>`,
  );
  return markup`<p>
      ${container === undefined ? '' : 'Coded: what a layer takes of the container, and its weights alone in bits a weight; of all: of the coded bytes of layers. '}${codes ? 'Entropy: bits of a code’s information where each is drawn by itself. ' : ''}${before === undefined ? '' : `Weights: power of those of ${short(before.name, 60)} (${before.precision}) over that of the difference, in dB. `}${measured ? 'Bits: what the logits keep where this layer’s weights alone are rounded to so many bits: their power over that of the change, in dB (20 dB: a tenth of their size changes), and how many inputs get another class.' : ''}
    </p>
    ${table(
      'Layers with weights',
      [
        'layer',
        ...['weights', 'bytes'].map(numbers),
        ...(container === undefined ? [] : ['coded', 'bits a weight'].map(numbers)),
        numbers('of all'),
        ...(codes ? [numbers('entropy')] : []),
        ...(before === undefined ? [] : [numbers('weights, dB')]),
        ...(measured ? widths.map((bits) => numbers(`${String(bits)} bits`)) : []),
      ],
      markup`<tbody>
        ${rows}
      </tbody>`,
      'bits',
    )}`;
}

/** Upper ends of the change, of the logits' size, that a cell's shade stands for. */
const SHADES = [0, 0.01, 0.03, 0.1, 0.3];

function effectCell({ sensitivity }: InspectedLayer, bits: number): Markup {
  const effect = effectAt(sensitivity, bits);
  if (effect === undefined) return markup`<td></td>`;
  const change = 10 ** (-effect.sqnr / 20);
  const within = SHADES.findIndex((end) => change <= end);
  const shade = within < 0 ? SHADES.length : within;
  const changed = effect.changed === 0 ? '' : markup` <small>(${effect.changed})</small>`;
  return markup`<td class="h${shade}">${decibelText(effect.sqnr)}${changed}</td>`;
}

function details({ operators, before, widths }: Inspection): Content {
  return operators.map((layer, i) => {
    const { weights: own } = layer;
    return markup`<details class="layer">
      <summary>
        ${short(layer.name, 80)}<span class="soft">${kindText(layer)}, ${grouped(layer.bytes.total)} bytes</span>
      </summary>
      <div id="layer-${i}">
        <dl>${factsOf(layer, operators, widths).map(
          ([term, text]) =>
            markup`<dt>${term}</dt><dd>${visible(text, MAX_DETAIL)}</dd>
`,
        )}</dl>
        ${
          own === undefined
            ? ''
            : markup`<figure>${histogram(own)}<figcaption>
                ${grouped(own.count)} weights, each over the largest of its channel${own.before === undefined || before === undefined ? '' : `: filled as they are, outlined as in ${short(before.name, 60)} (${before.precision})`}. Heights are square roots of the counts.
              </figcaption></figure>`
        }
      </div>
    </details>`;
  });
}

function factsOf(
  layer: InspectedLayer,
  operators: Inspection['operators'],
  widths: readonly number[],
): readonly (readonly [string, string])[] {
  const { inputs, output, observed, bytes, coded, weights: own } = layer;
  const { milliseconds, kernels = [] } = layer;
  const facts: (readonly [string, string | undefined])[] = [
    ['name', layer.name],
    ...inputs.map((input) => ['input', inputText(input, operators)] as const),
    ['output', tensorText(output)],
    ['observed', observed && rangeText(observed)],
    ...Object.entries(layer.attributes).map(([name, value]) => [name, literal(value)] as const),
    ['weights', own && tensorText(own)],
    ['weight range', own && rangeText(own.range)],
    ['zero weights', own && `${grouped(own.zeros)} of ${grouped(own.count)}`],
    ['entropy', own?.entropy === undefined ? undefined : `${own.entropy.toFixed(2)} bits a weight`],
    ['against before', own?.before && `${decibelText(own.before.sqnr)} dB`],
    [
      'bytes',
      bytes.total === 0
        ? '0'
        : `${grouped(bytes.total)}: weights ${grouped(bytes.weights)}, bias ${grouped(bytes.bias)}, scales ${grouped(bytes.scales)}`,
    ],
    [
      'coded',
      coded &&
        `${grouped(coded.total)}: weights ${grouped(coded.weights)}, scales and biases ${grouped(coded.parameters)}`,
    ],
    ['work', `${grouped(layer.multiplyAccumulates)} multiply-accumulates`],
    [
      'time',
      milliseconds === undefined
        ? undefined
        : `${milliseconds.toFixed(4)} ms ${kernels.join(', ')}`,
    ],
    [
      'fewer bits',
      layer.sensitivity &&
        widths
          .map((bits) => {
            const effect = effectAt(layer.sensitivity, bits);
            return `${String(bits)}: ${decibelText(effect?.sqnr)}${effect?.sqnr === Infinity ? '' : ' dB'}`;
          })
          .join(', '),
    ],
    ['in its file', layer.source === undefined ? undefined : `operator ${String(layer.source)}`],
  ];
  return facts.flatMap(([term, text]) => (text === undefined ? [] : [[term, text] as const]));
}

function inputText(
  { from, ...tensor }: InspectedLayer['inputs'][number],
  operators: Inspection['operators'],
): string {
  const giver = from < 0 ? 'the network’s input' : (operators[from]?.name ?? '');
  return `${tensorText(tensor)}, from ${giver}`;
}

function tensorText(tensor: TensorSummary): string {
  const { type, shape, scale, zeroPoint, codes } = tensor;
  return [
    `${type} ${shape.join(' × ')}`,
    ...(scale === undefined ? [] : [`scale ${scaleText(tensor)}`]),
    ...(zeroPoint === undefined ? [] : [`zero point ${String(zeroPoint)}`]),
    ...(codes === undefined ? [] : [`codes for ${rangeText(codes)}`]),
  ].join(', ');
}

function model(inspection: Inspection): Content {
  const { labels, provenance, inputs, outputs } = inspection;
  const rows: (readonly [string, string])[] = [
    ...inputs.map((tensor) => ['input', `${tensor.name}: ${tensorText(tensor)}`] as const),
    ...outputs.map((tensor) => ['output', `${tensor.name}: ${tensorText(tensor)}`] as const),
    ...preprocessingLines(inspection).map(
      (line) => ['preprocessing', line.replace(/^ *input: /, '')] as const,
    ),
    [
      `${String(labels.length)} labels`,
      `${labels.slice(0, MAX_LABELS_TOLD).join(', ')}${labels.length > MAX_LABELS_TOLD ? ', ...' : ''}`,
    ],
    ['bytes', fileText(inspection)],
    ...Object.entries(provenance),
  ];
  return table(
    'What its file says',
    ['of', 'says'],
    markup`<tbody>
      ${rows.map(
        ([topic, text]) =>
          markup`<tr>
            <th scope="row">${short(topic, 60)}</th>
            <td class="text">${visible(text, 1000)}</td>
          </tr>`,
      )}
    </tbody>`,
  );
}

function fileText({ fileBytes, container, total }: Inspection): string {
  const parts =
    container === undefined
      ? `layers ${grouped(total.bytes)}, names, labels and everything else ${grouped(fileBytes - total.bytes)}`
      : `coded layers ${grouped(container.layers)}, everything else in the container ${grouped(container.rest)}, the graph for tools ${grouped(fileBytes - container.bytes)}`;
  return `${grouped(fileBytes)}: ${parts}`;
}

/** An integer with its thousands apart. */
function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}
