/** `plumbline quantize`: a float32 model as int8 or int16. */

import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import type { Graph, GraphTensor } from '../../reference/index.ts';
import { UsageError } from '../errors.ts';
import { checkOutput, sha256, writeBytes } from '../files.ts';
import { encodeGraph } from '../formats/plumb.ts';
import { listLabelledPhotos } from '../evaluation/photos.ts';
import { runModels } from '../evaluation/pool.ts';
import { evaluate } from '../evaluation/report.ts';
import { checkClassifies, loadModel, modelFiles } from '../models.ts';
import {
  percent,
  print,
  printJson,
  Progress,
  table,
  withModelOptions,
  type ModelOptions,
} from './context.ts';

interface QuantizeFlags extends ModelOptions {
  readonly output: string;
  readonly photos?: string;
  readonly json?: boolean;
}

export function registerQuantize(program: Command): void {
  withModelOptions(
    program
      .command('quantize')
      .summary('derive an int8 or int16 model from a float32 model and its record')
      .description(
        'Writes the integer form of a float32 model and prints the effective weight bits of each layer. The model and its\ncalibration record alone decide the result, byte for byte.',
      )
      .argument('<model>', 'large, small or a float32 .plumb file'),
  )
    .requiredOption('-o, --output <file>', '.plumb file to write')
    .option('--photos <folder>', 'folder of labelled photos: print accuracy and SQNR too')
    .option('--json', 'print the result as JSON')
    .action(quantize);
}

async function quantize(model: string, flags: QuantizeFlags): Promise<void> {
  const { output, photos, json, ...choice } = flags;
  if (choice.precision !== 'int8' && choice.precision !== 'int16') {
    throw new UsageError('Expected --precision int8 or int16');
  }
  const master = loadModel({ model });
  if (master.precision !== 'float32') {
    throw new UsageError(`${model}: Expected a float32 model but found ${master.precision}`);
  }
  const graph = loadModel({ model, ...choice });
  checkOutput(
    output,
    modelFiles({ model, ...choice }).filter((file) => file !== undefined),
  );
  const encoded = encodeGraph(graph);
  const layers = weightBits(graph);
  const quality = photos === undefined ? undefined : await measure(model, master, graph, photos);
  writeBytes(output, encoded);
  if (json === true) {
    printJson({ output, bytes: encoded.length, sha256: sha256(encoded), layers, quality });
    return;
  }
  print(
    table([
      ['layer', 'weight type', 'effective bits'],
      ...layers.map(({ layer, type, bits }) => [layer, type, bits.toFixed(1)]),
    ]),
  );
  if (quality !== undefined) {
    print(
      `accuracy ${percent(quality.accuracy)} (float32 ${percent(quality.float32Accuracy)}), agreement ${percent(quality.agreement)}, SQNR ${quality.sqnr.toFixed(1)} dB on ${String(quality.photos)} photos`,
    );
  }
  print(`${output}: ${graph.precision}, ${String(encoded.length)} bytes`);
}

/** Bits that a layer's largest weight code uses, sign included, averaged over its channels. */
function weightBits(
  graph: Graph,
): readonly { readonly layer: string; readonly type: string; readonly bits: number }[] {
  return graph.operators.flatMap((operator) => {
    const weights = graph.tensors[operator.inputs[1] ?? -1];
    if (weights?.data === undefined) return [];
    const channelsLast = operator.kind === 'depthwiseConv2d';
    const largest = largestCodes(weights, channelsLast);
    const bits = largest.reduce((sum, code) => sum + Math.log2(2 * code + 1), 0) / largest.length;
    return [{ layer: operator.name, type: weights.type, bits }];
  });
}

function largestCodes({ data, shape }: GraphTensor, channelsLast: boolean): readonly number[] {
  const channels = (channelsLast ? shape.at(-1) : shape[0]) ?? 1;
  const largest = Array.from({ length: channels }, () => 0);
  const length = (data?.length ?? 0) / channels;
  for (let i = 0; i < (data?.length ?? 0); i++) {
    const channel = channelsLast ? i % channels : Math.floor(i / length);
    largest[channel] = Math.max(largest[channel] ?? 0, Math.abs(Number(data?.[i])));
  }
  return largest;
}

async function measure(
  model: string,
  master: Graph,
  graph: Graph,
  folder: string,
): Promise<{
  readonly photos: number;
  readonly accuracy: number;
  readonly float32Accuracy: number;
  readonly agreement: number;
  readonly sqnr: number;
}> {
  checkClassifies(model, master);
  const photos = listLabelledPhotos(folder, graph.labels);
  const progress = new Progress('Evaluating');
  const [reference = [], outputs = []] = await runModels(
    [master, graph],
    photos.map((photo) => photo.path),
    {
      jobs: availableParallelism(),
      onProgress: (done, total) => {
        progress.update(done, total);
      },
    },
  );
  progress.end();
  const { correct, agreeing, sqnr } = evaluate(photos, outputs, reference);
  return {
    photos: photos.length,
    accuracy: correct / photos.length,
    float32Accuracy: evaluate(photos, reference, reference).correct / photos.length,
    agreement: agreeing / photos.length,
    sqnr,
  };
}
