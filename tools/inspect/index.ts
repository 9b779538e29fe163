/** What `plumbline inspect` tells of a model: what it consists of, and where it could be smaller. */

import { UnsupportedError } from '../../fastpath/compile/index.ts';
import type { Variant } from '../../fastpath/runtime/index.ts';
import { GraphError, type Graph } from '../../reference/index.ts';
import { UsageError } from '../errors.ts';
import type { CodedBytes } from '../formats/container.ts';
import { encodeGraph } from '../formats/plumb.ts';
import { drawSamples, type Samples } from '../samples.ts';
import {
  compareLogits,
  isWeighted,
  measureSensitivity,
  weightWidths,
  type Effect,
  type LayerSensitivity,
  type WidthEffect,
} from '../sensitivity/index.ts';
import {
  describeTensor,
  summarizeLayers,
  type LayerSummary,
  type TensorSummary,
} from './layers.ts';
import { logitsOf, runNetwork, type NetworkRun } from './run.ts';
import { weightsOf, type Layer } from './weights.ts';

export interface InspectedLayer extends LayerSummary {
  /** Smallest and largest number that the layer gave on the samples. */
  readonly observed?: readonly [number, number];
  readonly milliseconds?: number;
  readonly kernels?: readonly string[];
  /** What fewer bits of this layer's weights alone do to the logits. */
  readonly sensitivity?: readonly WidthEffect[];
}

export interface ContainerBytes {
  /** Of the whole container. */
  readonly bytes: number;
  readonly layers: number;
  /** Steps, other constants, description, header. */
  readonly rest: number;
}

export interface Inspection extends Pick<
  Graph,
  'name' | 'precision' | 'labels' | 'preprocessing' | 'provenance'
> {
  /** Less than the layers' bytes where the file has them coded. */
  readonly fileBytes: number;
  /** That in the file, where it has one; the graph for tools follows it. */
  readonly container?: ContainerBytes;
  readonly inputs: readonly TensorSummary[];
  readonly outputs: readonly TensorSummary[];
  readonly operators: readonly InspectedLayer[];
  readonly total: {
    readonly bytes: number;
    readonly weights: number;
    readonly multiplyAccumulates: number;
    readonly milliseconds?: number;
  };
  /** What the network was run on. */
  readonly samples: { readonly count: number; readonly description: string };
  /** Whose kernels ran it. */
  readonly variant?: Variant;
  /** The form before, and what the logits are against its. */
  readonly before?: Pick<Graph, 'name' | 'precision'> & Partial<Effect>;
  /** Widths of the sensitivity, in bits. */
  readonly widths: readonly number[];
  /** What is left out, and why. */
  readonly notes: readonly string[];
}

export interface InspectOptions {
  /** Of the graph's file; that of a `.plumb` file where it has none. */
  readonly fileBytes?: number | undefined;
  /** Where the bytes of the container go that the graph was read from. */
  readonly coded?: CodedBytes | undefined;
  /** The same network in an earlier form, such as the float32 master of an integer model. */
  readonly before?: Graph | undefined;
  readonly photos?: string | undefined;
  /** Inputs; by default as many as the network's work lets run in about a minute. */
  readonly count?: number | undefined;
  readonly time: boolean;
  readonly sensitivity: boolean;
  readonly onProgress?: (what: string, done: number, total: number) => void;
}

/**
 * @throws {UsageError} for a form before whose layers are others, and for photos and a network that takes none
 * @throws {FileError} for photos that cannot be read
 */
export async function inspectGraph(graph: Graph, options: InspectOptions): Promise<Inspection> {
  const { before, coded, photos, onProgress } = options;
  const matching = before && matchingLayers(graph, before);
  const layers = summarizeLayers(graph, matching, coded?.operators);
  const macs = sum(layers.map(({ multiplyAccumulates }) => multiplyAccumulates));
  const drawn = await drawSamples(before === undefined ? [graph] : [graph, before], {
    count: options.count ?? sampleCount(macs),
    photos,
    onProgress: (done, total) => onProgress?.('Reading photos', done, total),
  });
  const notes: string[] = [];
  const samples = drawn.inputs[0] ?? [];
  const run = await attempt('ranges and times', notes, () =>
    runNetwork(graph, samples, options.time),
  );
  const sensitivity =
    run === undefined || !options.sensitivity
      ? undefined
      : await attempt('sensitivity', notes, () => {
          checkWork(layers, macs * samples.length);
          return measureSensitivity(graph, samples, {
            onProgress: (done, total) => onProgress?.('Measuring sensitivity', done, total),
          });
        });
  const effect =
    run === undefined || before === undefined
      ? undefined
      : await attempt('logits of the form before', notes, () => compare(graph, before, drawn));
  const { name, precision, labels, preprocessing, provenance } = graph;
  const operators = layers.map((layer, i) => withMeasures(layer, i, run, sensitivity));
  return {
    name,
    precision,
    labels,
    ...(preprocessing === undefined ? {} : { preprocessing }),
    provenance,
    fileBytes: options.fileBytes ?? encodeGraph(graph).length,
    ...(coded === undefined ? {} : { container: containerOf(coded) }),
    inputs: graph.inputs.map((index) => describeTensor(graph, index)),
    outputs: graph.outputs.map((index) => describeTensor(graph, index)),
    operators,
    total: {
      bytes: sum(layers.map(({ bytes }) => bytes.total)),
      weights: sum(layers.map(({ weights }) => weights?.count ?? 0)),
      multiplyAccumulates: macs,
      ...(run?.times === undefined
        ? {}
        : { milliseconds: sum(run.times.map(({ milliseconds }) => milliseconds)) }),
    },
    samples: { count: samples.length, description: drawn.description },
    ...(run === undefined ? {} : { variant: run.variant }),
    ...(before === undefined
      ? {}
      : { before: { name: before.name, precision: before.precision, ...effect } }),
    widths: weightWidths,
    notes,
  };
}

function containerOf({ container: bytes, rest }: CodedBytes): ContainerBytes {
  return { bytes, layers: bytes - rest, rest };
}

function withMeasures(
  layer: LayerSummary,
  position: number,
  run: NetworkRun | undefined,
  sensitivity: readonly LayerSensitivity[] | undefined,
): InspectedLayer {
  const observed = run?.ranges[position];
  const effects = sensitivity?.find(({ operator }) => operator === position)?.effects;
  return {
    ...layer,
    ...(observed === undefined ? {} : { observed }),
    ...run?.times?.[position],
    ...(effects === undefined ? {} : { sensitivity: effects }),
  };
}

/** Samples by the multiply-accumulates of a run: 16 of a small network, 8 of MobileNetV2 1.0 at 224. */
const MOST_SAMPLES = 16;
const LEAST_SAMPLES = 2;
const SAMPLED_WORK = 2.5e9;

function sampleCount(multiplyAccumulates: number): number {
  const affordable = Math.floor(SAMPLED_WORK / Math.max(multiplyAccumulates, 1));
  return Math.min(MOST_SAMPLES, Math.max(LEAST_SAMPLES, affordable));
}

/** Layers that are measured, each of which has the network behind it compiled; and multiply-accumulates of all runs. */
const MAX_MEASURED_LAYERS = 500;
const MAX_MEASURED_WORK = 2e13;

/** @throws {RangeError} where measuring would take an hour, as no classifier of the family does */
function checkWork(layers: readonly LayerSummary[], multiplyAccumulates: number): void {
  const count = layers.filter(({ weights }) => weights !== undefined).length;
  if (count > MAX_MEASURED_LAYERS) {
    throw new RangeError(
      `Expected at most ${String(MAX_MEASURED_LAYERS)} layers with weights but found ${String(count)}`,
    );
  }
  const work = multiplyAccumulates * count * weightWidths.length;
  if (work > MAX_MEASURED_WORK) {
    throw new RangeError(
      `Expected at most ${String(MAX_MEASURED_WORK)} multiply-accumulates of all runs but found ${String(work)}`,
    );
  }
}

/** The layers with weights of the form before, held to those of the graph. */
function matchingLayers(graph: Graph, before: Graph): readonly Layer[] {
  const [own, other] = [graph, before].map((each) =>
    each.operators.filter(isWeighted).map((operator): Layer => ({ graph: each, operator })),
  ) as [Layer[], Layer[]];
  if (own.length !== other.length) {
    throw new UsageError(
      `Expected as many layers with weights in "${before.name}" as in "${graph.name}", ${String(own.length)}, but found ${String(other.length)}`,
    );
  }
  own.forEach((layer, i) => {
    const match = other[i];
    if (match === undefined) return;
    const [wanted, found] = [layer, match].map(
      (each) => `${each.operator.kind} [${weightsOf(each).shape.join(', ')}]`,
    );
    if (wanted !== found) {
      throw new UsageError(
        `Expected layer "${match.operator.name}" of "${before.name}" to be that of "${graph.name}", ${String(wanted)}, but found ${String(found)}`,
      );
    }
  });
  return other;
}

/** What the network's logits are against those of its form before; undefined where that takes other inputs. */
async function compare(
  graph: Graph,
  before: Graph,
  { inputs: [own = [], other = []] }: Samples,
): Promise<Effect | undefined> {
  if (own.length !== other.length) return undefined;
  return compareLogits(await logitsOf(before, other), await logitsOf(graph, own));
}

/** What a network does not let be measured is left out with a note. */
async function attempt<T>(
  what: string,
  notes: string[],
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    const known =
      error instanceof UnsupportedError ||
      error instanceof GraphError ||
      error instanceof RangeError;
    if (!known) throw error;
    notes.push(`${what}: ${error.message}`);
    return undefined;
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
