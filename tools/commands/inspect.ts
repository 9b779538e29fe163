/** `plumbline inspect`: what a model consists of, and where it could be smaller. */

import type { Command } from 'commander';
import { checkOutput, readBytes, writeBytes } from '../files.ts';
import { codedBytes, isContainer } from '../formats/container.ts';
import { inspectGraph } from '../inspect/index.ts';
import { renderInspection } from '../inspect/page.ts';
import { inspectionText } from '../inspect/text.ts';
import { loadModel, modelFiles } from '../models.ts';
import {
  positiveInteger,
  print,
  printJson,
  progressByPart,
  withModelOptions,
  type ModelOptions,
} from './context.ts';

interface InspectFlags extends ModelOptions {
  readonly against?: string;
  readonly photos?: string;
  readonly samples?: number;
  readonly time: boolean;
  readonly sensitivity: boolean;
  readonly html?: string;
  readonly json?: boolean;
}

export function registerInspect(program: Command): void {
  withModelOptions(
    program
      .command('inspect')
      .summary('what a model consists of, layer by layer, and where it could be smaller')
      .description(
        'Prints, and draws with --html, the layers of a model: shapes, ranges, scales, bytes, time on the fast path, and what\nfewer bits of each layer’s weights alone would do to the logits. Of a container it tells what each layer takes, coded.\nWhere a float32 form is at hand (it is derived, or --against names it), weights and logits are held against its.',
      )
      .argument('<model>', 'large, small or a .plumb file'),
  )
    .option('--against <model>', 'the same network before: large, small or a .plumb file')
    .option('--photos <folder>', 'photos to run it on (default: parts of a sample photograph)')
    .option('--samples <n>', 'inputs to run it on (default: 2 to 16, by its work)', positiveInteger)
    .option('--no-time', 'time no layers')
    .option('--no-sensitivity', 'measure no sensitivity')
    .option('--html <file>', 'page to write')
    .option('--json', 'print the result as JSON; an SQNR that is infinite, of equal bits, is null')
    .action(inspect);
}

async function inspect(model: string, flags: InspectFlags): Promise<void> {
  const { against, photos, samples, time, sensitivity, html, json, ...choice } = flags;
  const graph = loadModel({ model, ...choice });
  if (html !== undefined) {
    const read = [...modelFiles({ model, ...choice }), ...modelFiles({ model: against ?? model })];
    checkOutput(
      html,
      read.filter((file) => file !== undefined),
    );
  }
  const stored = loadModel({ model });
  const asStored = stored.precision === graph.precision;
  const [path] = modelFiles({ model });
  const file = asStored ? readBytes(path) : undefined;
  const derivedFrom = asStored ? undefined : stored;
  const inspection = await inspectGraph(graph, {
    before: against === undefined ? derivedFrom : loadModel({ model: against }),
    fileBytes: file?.length,
    coded: file && isContainer(file) ? codedBytes(graph, file) : undefined,
    photos,
    count: samples,
    time,
    sensitivity,
    onProgress: progressByPart(),
  });
  if (html !== undefined) writeBytes(html, renderInspection(inspection));
  if (json === true) printJson(inspection);
  else print(inspectionText(inspection));
}
