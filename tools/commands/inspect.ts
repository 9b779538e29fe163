/** `plumbline inspect`: what a model consists of. */

import type { Command } from 'commander';
import { multiplyAccumulates, type Graph, type GraphTensor } from '../../reference/index.ts';
import { encodeGraph } from '../formats/plumb.ts';
import { loadModel } from '../models.ts';
import { print, printJson, table, withModelOptions, type ModelOptions } from './context.ts';

export function registerInspect(program: Command): void {
  withModelOptions(
    program
      .command('inspect')
      .summary('print operators, shapes, scales and bytes of a model')
      .argument('<model>', 'large, small or a .plumb file'),
  )
    .option('--json', 'print the result as JSON')
    .action((model: string, { json, ...choice }: ModelOptions & { readonly json?: boolean }) => {
      const graph = loadModel({ model, ...choice });
      const summary = summarize(graph);
      if (json === true) printJson(summary);
      else printSummary(summary);
    });
}

function summarize(graph: Graph) {
  const constants = (inputs: readonly number[]): number =>
    inputs.reduce((sum, index) => sum + (graph.tensors[index]?.data?.byteLength ?? 0), 0);
  return {
    name: graph.name,
    precision: graph.precision,
    labels: graph.labels,
    preprocessing: graph.preprocessing,
    provenance: graph.provenance,
    fileBytes: encodeGraph(graph).length,
    inputs: graph.inputs.map((index) => describe(graph.tensors[index])),
    outputs: graph.outputs.map((index) => describe(graph.tensors[index])),
    operators: graph.operators.map((operator) => {
      const [input, weights] = operator.inputs;
      return {
        name: operator.name,
        kind: operator.kind,
        attributes: operator.attributes,
        source: operator.source,
        input: describe(graph.tensors[input ?? -1]),
        weights:
          graph.tensors[weights ?? -1]?.data === undefined
            ? undefined
            : describe(graph.tensors[weights ?? -1]),
        output: describe(graph.tensors[operator.output]),
        multiplyAccumulates: multiplyAccumulates(graph, operator),
        constantBytes: constants(operator.inputs),
      };
    }),
  };
}

function describe(tensor: GraphTensor | undefined) {
  const scales = tensor?.quantization?.scales ?? [];
  return {
    name: tensor?.name,
    type: tensor?.type,
    shape: tensor?.shape,
    ...(scales.length === 0
      ? {}
      : {
          scale: [
            scales.reduce((a, b) => Math.min(a, b)),
            scales.reduce((a, b) => Math.max(a, b)),
          ] as const,
          zeroPoint: tensor?.quantization?.zeroPoint,
        }),
  };
}

type Summary = ReturnType<typeof summarize>;
type Description = ReturnType<typeof describe>;

function printSummary(summary: Summary): void {
  print(`${summary.name}: ${summary.precision}, ${String(summary.fileBytes)} bytes`);
  for (const [topic, text] of Object.entries(summary.provenance)) print(`  ${topic}: ${text}`);
  if (summary.preprocessing !== undefined) {
    const { resize, crop, channels, mean, std, integer } = summary.preprocessing;
    const manner = crop === undefined ? resize : `${resize}, crop ${String(crop)}`;
    const codes =
      integer === undefined
        ? ''
        : `, code = ${String(integer.multiplier)} x + ${String(integer.offset)}`;
    print(
      `  input: ${manner}, ${channels}, (x - [${mean.join(', ')}]) / [${std.join(', ')}]${codes}`,
    );
  }
  print(
    `  labels: ${summary.labels.slice(0, 12).join(', ')}${summary.labels.length > 12 ? ', ...' : ''}`,
  );
  print('');
  const total = summary.operators.reduce(
    (sum, operator) => ({
      work: sum.work + operator.multiplyAccumulates,
      bytes: sum.bytes + operator.constantBytes,
    }),
    { work: 0, bytes: 0 },
  );
  print(
    table([
      ['operator', 'kind', 'output', 'scale', 'zero point', 'weight scales', 'work', 'bytes'],
      ...summary.operators.map((operator) => [
        operator.name,
        operator.kind,
        (operator.output.shape ?? []).join('x'),
        scaleText(operator.output),
        String(operator.output.zeroPoint ?? '-'),
        operator.weights === undefined ? '-' : scaleText(operator.weights),
        String(operator.multiplyAccumulates),
        String(operator.constantBytes),
      ]),
      ['total', '', '', '-', '-', '-', String(total.work), String(total.bytes)],
    ]),
  );
}

function scaleText({ scale }: Description): string {
  if (scale === undefined) return '-';
  const [min, max] = scale;
  return min === max ? min.toPrecision(4) : `${min.toPrecision(3)} .. ${max.toPrecision(3)}`;
}
