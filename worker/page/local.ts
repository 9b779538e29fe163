/** The models in this browser: the decoder, kernels and Programs of the edge. */

import { ImageDecoder, type RgbImage } from '../../images/decode.ts';
import {
  loadProgram,
  variants,
  type FastPath,
  type StepReport,
  type Variant,
} from '../../fastpath/runtime/index.ts';
import { chooseKernels, type ChosenKernels } from '../../fastpath/runtime/self-test.ts';
import { readCatalogue, type ModelEntry } from '../src/models/entry.ts';
import { programName } from '../src/models/tiers.ts';
import { scoresOf, type Score } from '../src/scores.ts';
import type { Head } from './heat-map.ts';

/** Photos of common cameras and phones: 48 megapixels. */
const MAX_PIXELS = 8192 * 6144;

export interface LocalResult {
  readonly scores: readonly Score[];
  readonly variant: Variant;
  /** From the Program's bytes to a network that can run: 0 where it was loaded. */
  readonly loadMilliseconds: number;
  readonly inferenceMilliseconds: number;
}

async function bytesOf(url: string): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`Expected ${url} but found status ${String(response.status)}`);
  return new Uint8Array(await response.arrayBuffer());
}

async function moduleOf(url: string): Promise<WebAssembly.Module> {
  return WebAssembly.compile(await bytesOf(url));
}

export class LocalModels {
  readonly #decoder = new ImageDecoder(
    { jpeg: () => moduleOf('/decoders/jpeg.wasm'), webp: () => moduleOf('/decoders/webp.wasm') },
    MAX_PIXELS,
  );
  readonly #networks = new Map<string, FastPath>();
  #kernels: Promise<ChosenKernels> | undefined;
  #entries: Promise<readonly ModelEntry[]> | undefined;

  kernels(): Promise<ChosenKernels> {
    // The best first; an engine without relaxed SIMD does not compile that variant.
    const sources = variants
      .toReversed()
      .map((variant) => ({ variant, kernels: () => moduleOf(`/kernels/${variant}.wasm`) }));
    this.#kernels ??= chooseKernels(sources);
    return this.#kernels;
  }

  entries(): Promise<readonly ModelEntry[]> {
    this.#entries ??= bytesOf('/models/catalogue.json').then(readCatalogue);
    return this.#entries;
  }

  decode(file: Uint8Array): Promise<RgbImage> {
    return this.#decoder.decode(file);
  }

  async classify(entry: ModelEntry, image: RgbImage): Promise<LocalResult> {
    const { network, milliseconds } = await this.#network(entry);
    network.image?.write(image);
    const start = performance.now();
    const outputs = network.run();
    const inferenceMilliseconds = performance.now() - start;
    return {
      scores: scoresOf({ outputs, description: network.description }, Infinity),
      variant: (await this.kernels()).variant,
      loadMilliseconds: milliseconds,
      inferenceMilliseconds,
    };
  }

  /** The features that the classifier of a model sees, and its head. */
  async features(entry: ModelEntry, image: RgbImage): Promise<{ head: Head; report: StepReport }> {
    const { network } = await this.#network(entry);
    const url = `/models/${entry.name}.${entry.precision}.head.json`;
    const head = JSON.parse(new TextDecoder().decode(await bytesOf(url))) as Head;
    let report: StepReport | undefined;
    network.image?.write(image);
    network.runSteps([], (each) => {
      if (each.tensor.name === head.features) report = each;
    });
    if (report === undefined) throw new Error(`Expected features of ${entry.name}`);
    return { head, report };
  }

  async #network(entry: ModelEntry): Promise<{ network: FastPath; milliseconds: number }> {
    const known = this.#networks.get(entry.sha256);
    if (known !== undefined) return { network: known, milliseconds: 0 };
    const { kernels } = await this.kernels();
    const program = await bytesOf(`/models/${programName(entry)}`);
    const start = performance.now();
    const network = await loadProgram(program, kernels);
    const milliseconds = performance.now() - start;
    this.#networks.set(entry.sha256, network);
    return { network, milliseconds };
  }
}
