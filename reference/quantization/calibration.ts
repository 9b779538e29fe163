/** What calibration photos tell of a float32 network: the range of each activation, and corrections. */

import { interpreter } from '../interpreter.ts';
import type { Graph } from '../graph/graph.ts';
import { imageToInput } from '../preprocess/image-to-input.ts';
import type { RgbImage } from '../preprocess/resize.ts';

/** The one record beside the float model that `quantizeGraph` reads. Stored as JSON. */
export interface CalibrationRecord {
  readonly format: 'plumbline calibration';
  readonly version: 1;
  /** Name of the graph it belongs to. */
  readonly graph: string;
  /** SHA-256 of the graph's file, as hexadecimal digits. */
  readonly sha256: string;
  /** How many photos were run. */
  readonly photos: number;
  /** Smallest and largest element of each activation tensor, by name. */
  readonly ranges: Readonly<Record<string, readonly [min: number, max: number]>>;
}

/** Runs a float32 graph on images and keeps the smallest and largest element of every activation. */
export class RangeObserver {
  readonly #run: (image: RgbImage) => void;
  readonly #ranges = new Map<string, [min: number, max: number]>();

  /** @throws {RangeError} for a graph that is not float32 */
  constructor(graph: Graph) {
    if (graph.precision !== 'float32') {
      throw new RangeError(`Expected a float32 graph to calibrate but found ${graph.precision}`);
    }
    const network = interpreter(graph);
    this.#run = (image) => {
      const input = imageToInput(graph, image);
      const { intermediates } = network.run([input], { intermediates: true });
      for (const [name, tensor] of intermediates) this.#observe(name, tensor.data as Float32Array);
    };
  }

  observe(image: RgbImage): void {
    this.#run(image);
  }

  /** The ranges so far, in the order of the graph's operators. */
  ranges(): Record<string, readonly [number, number]> {
    return Object.fromEntries(this.#ranges);
  }

  #observe(name: string, data: Float32Array): void {
    const range = this.#ranges.get(name) ?? [Infinity, -Infinity];
    for (const value of data) {
      if (value < range[0]) range[0] = value;
      if (value > range[1]) range[1] = value;
    }
    this.#ranges.set(name, range);
  }
}
