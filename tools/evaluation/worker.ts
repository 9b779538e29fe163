/** A thread that runs models on photos. */

import { parentPort, workerData } from 'node:worker_threads';
import { imageToInput, interpreter, type Graph, type Interpreter } from '../../reference/index.ts';
import { messageOf } from '../errors.ts';
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
  /** Logits and probabilities of each model, by digest; an error text for a photo that cannot be read. */
  readonly outputs: Readonly<Record<string, ModelOutput>>;
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
  const outputs: Record<string, ModelOutput> = {};
  try {
    const image = await readImage(task.path);
    for (const digest of task.digests) {
      const model = loaded.get(digest);
      if (model === undefined) throw new Error(`Expected a loaded model ${digest}`);
      const result = model.network.run([imageToInput(model.graph, image)]);
      const [probabilities = [], logits = []] = dequantizedOutputs(result.outputs);
      outputs[digest] = { probabilities, logits };
    }
  } catch (error) {
    return { path: task.path, outputs: {}, error: messageOf(error) };
  }
  return { path: task.path, outputs };
}
