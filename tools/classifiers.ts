/** What turns an image into the outputs of a classifier: the fast path, or the reference. */

import { compileGraph } from '../fastpath/compile/index.ts';
import { MAX_SOURCE_HEIGHT, MAX_SOURCE_WIDTH } from '../fastpath/program/resize-workspace.ts';
import { loadProgram } from '../fastpath/runtime/index.ts';
import {
  imageToInput,
  interpreter,
  type Graph,
  type RgbImage,
  type TensorData,
} from '../reference/index.ts';
import { dequantizedOutputs } from './evaluation/outputs.ts';
import { encodeGraph } from './formats/plumb.ts';
import { ImageError } from '../images/container.ts';
import { bestKernels } from './kernels.ts';

export const classifierNames = ['fastpath', 'reference'] as const;
export type ClassifierName = (typeof classifierNames)[number];

export interface Classifier {
  /** Of what is loaded: a Program, or a graph's file. */
  readonly bytes: number;
  /** From those bytes to a network that can run. */
  readonly loadMilliseconds: number;
  /**
   * The probability of each label, the input tensor they come from, and the time from one to the other.
   *
   * @throws {ImageError} for an image larger than it takes
   */
  readonly classify: (image: RgbImage) => {
    readonly probabilities: readonly number[];
    readonly input: TensorData;
    readonly milliseconds: number;
  };
}

/** The fast path's times are medians: the first loads and runs execute code that is not yet optimised. */
const TIMED_LOADS = 5;
const TIMED_RUNS = 11;

export const classifiers: Readonly<Record<ClassifierName, (graph: Graph) => Promise<Classifier>>> =
  {
    fastpath: async (graph) => {
      const program = compileGraph(graph);
      const { kernels } = await bestKernels();
      let network = await loadProgram(program, kernels);
      const loads: number[] = [];
      for (let load = 0; load < TIMED_LOADS; load++) {
        const start = performance.now();
        network = await loadProgram(program, kernels);
        loads.push(performance.now() - start);
      }
      return {
        bytes: program.length,
        loadMilliseconds: median(loads),
        classify: (image) => {
          if (image.width > MAX_SOURCE_WIDTH || image.height > MAX_SOURCE_HEIGHT) {
            throw new ImageError(
              `Expected an image of at most ${String(MAX_SOURCE_WIDTH)} x ${String(MAX_SOURCE_HEIGHT)} pixels for the fast path but found ${String(image.width)} x ${String(image.height)}`,
            );
          }
          network.image?.write(image);
          const [input = new Int8Array(0)] = network.inputs();
          const times: number[] = [];
          let outputs = network.run();
          for (let run = 0; run < TIMED_RUNS; run++) {
            const begin = performance.now();
            outputs = network.run(input);
            times.push(performance.now() - begin);
          }
          const probabilities = probabilitiesOf(graph, outputs[0] ?? new Int8Array(0));
          return { probabilities, input, milliseconds: median(times) };
        },
      };
    },
    reference: (graph) => {
      const start = performance.now();
      const network = interpreter(graph);
      return Promise.resolve({
        bytes: encodeGraph(graph).length,
        loadMilliseconds: performance.now() - start,
        classify: (image) => {
          const input = imageToInput(graph, image);
          const begin = performance.now();
          const { outputs } = network.run([input]);
          const milliseconds = performance.now() - begin;
          return {
            probabilities: probabilitiesOf(graph, outputs[0]?.data ?? new Int8Array(0)),
            input,
            milliseconds,
          };
        },
      });
    },
  };

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

/** The first output as real numbers. */
function probabilitiesOf(graph: Graph, data: TensorData): readonly number[] {
  const tensor = graph.tensors[graph.outputs[0] ?? -1];
  if (tensor === undefined) throw new Error('Expected an output');
  return dequantizedOutputs([{ ...tensor, data }])[0] ?? [];
}
