/** A thread that runs models on photos. */

import { parentPort, workerData } from 'node:worker_threads';
import {
  imageToInput,
  interpreter,
  type Graph,
  type Interpreter,
  type RgbImage,
} from '../../reference/index.ts';
import { FileError } from '../errors.ts';
import { decodeGraph } from '../formats/plumb.ts';
import { readImage } from '../images/decode.ts';
import { dequantizedOutputs, withLogits } from './outputs.ts';

export interface WorkerInput {
  /** Files of the graphs, by digest. */
  readonly models: readonly { readonly digest: string; readonly bytes: Uint8Array }[];
}

export interface Task {
  readonly path: string;
  readonly digests: readonly string[];
}

export interface TaskResult {
  readonly path: string;
  /** Logits and probabilities of each model, by digest. */
  readonly outputs: Readonly<Record<string, ModelOutput>>;
  /** Why the photo cannot be read, without its name. */
  readonly error?: string;
}

export interface ModelOutput {
  readonly logits: readonly number[];
  readonly probabilities: readonly number[];
}

interface Loaded {
  readonly graph: Graph;
  readonly network: Interpreter;
}

if (parentPort !== null) serve(parentPort);

function serve(port: NonNullable<typeof parentPort>): void {
  const { models } = workerData as WorkerInput;
  const loaded = new Map<string, Loaded>();
  for (const { digest, bytes } of models) {
    const graph = withLogits(decodeGraph(digest, bytes));
    loaded.set(digest, { graph, network: interpreter(graph) });
  }
  port.on('message', (task: Task) => {
    void runTask(task, loaded).then((result) => {
      port.postMessage(result);
    });
  });
}

async function runTask(task: Task, loaded: ReadonlyMap<string, Loaded>): Promise<TaskResult> {
  let image: RgbImage;
  try {
    image = await readImage(task.path);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    return { path: task.path, outputs: {}, error: error.text };
  }
  const outputs = task.digests.map((digest) => {
    const model = loaded.get(digest);
    if (model === undefined) throw new Error(`Expected a loaded model ${digest}`);
    const result = model.network.run([imageToInput(model.graph, image)]);
    const [probabilities = [], logits = []] = dequantizedOutputs(result.outputs);
    return [digest, { probabilities, logits }] as const;
  });
  return { path: task.path, outputs: Object.fromEntries(outputs) };
}
