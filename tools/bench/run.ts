/** A run of the benchmark, part by part. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { compileGraph } from '../../fastpath/compile/index.ts';
import { compileModule } from '../../fastpath/module/index.ts';
import { loadProgram, type FastPath, type Variant } from '../../fastpath/runtime/index.ts';
import { goldenInputs } from '../../golden/inputs.ts';
import type { Graph, TensorData } from '../../reference/index.ts';
import { FileError } from '../errors.ts';
import { writeOnnx } from '../formats/onnx/write.ts';
import { decoderPath, kernelsModule, kernelsPath } from '../kernels.ts';
import { loadModel, type EmbeddedName } from '../models.ts';
import { peerPath, type PeerName } from '../peer-modules.ts';
import { timeInBrowser, type BrowserWork } from './browser/launch.ts';
import { cpuClock } from './clock.ts';
import { moduleScript, ownScript, startCold, summarizeStarts, type ColdStart } from './cold.ts';
import { contest } from './contest.ts';
import { plainForms, type Form } from './forms.ts';
import { timeLayers } from './layers.ts';
import { timeLoading } from './load.ts';
import { elementsOf, loadNetwork, ownName, ownRuntime } from './own.ts';
import { Microbenchmark } from './peaks.ts';
import type { BenchResults, BrowserResult, Machine, Network } from './results.ts';
import { installedPeers, supportedVariants } from './runtimes.ts';
import { sizesOf } from './sizes.ts';

export interface BenchOptions {
  readonly models: readonly EmbeddedName[];
  readonly forms: readonly Form[];
  readonly variants: readonly Variant[];
  readonly peers: readonly PeerName[];
  /** Samples of each contestant, and of loading. */
  readonly iterations: number;
  readonly layers: boolean;
  readonly cold: boolean;
  /** Whether in headless Chromium too. */
  readonly browser: boolean;
  /** Told what is at work, and how far it is. */
  readonly onProgress: (what: string, done: number, total: number) => void;
}

/** A network with what all parts need of it. */
interface Prepared extends Network {
  readonly graph: Graph;
  readonly input: TensorData;
  readonly program: Uint8Array;
}

const PEAK_SAMPLES = 20;
const LAYER_PASSES = 15;
const LOAD_WARM_UP = 10;
const COLD_STARTS = 7;

/** @throws {UsageError} where a peer's outputs are not ours */
export async function runBench(options: BenchOptions): Promise<BenchResults> {
  const notes: string[] = [];
  const variants = supportedVariants(options.variants, notes);
  const peers = await installedPeers(options.peers, notes);
  const installed = peers.map(({ name }) => name);
  const networks: Prepared[] = [];
  for (const model of options.models) {
    for (const form of options.forms) networks.push(await prepare(model, form));
  }
  const { onProgress, iterations } = options;
  const microbenchmark = await Microbenchmark.load();
  for (let i = 0; i < PEAK_SAMPLES; i++) microbenchmark.sample();
  const peaks = microbenchmark.takePeaks();

  const runtimes = [...variants.map(ownRuntime), ...peers];
  const contests: BenchResults['networks'][number][] = [];
  for (const { model, form, graph, input } of networks) {
    const result = await contest(graph, input, runtimes, {
      cpuTime: cpuClock.now,
      iterations,
      notes,
      onProgress: (done, total) => {
        onProgress(`Timing ${model} ${form}`, done, total);
      },
    });
    contests.push({ model, form, ...result });
  }

  const layers: BenchResults['layers'][number][] = [];
  const loads: BenchResults['loads'][number][] = [];
  const work = networks.flatMap((network) => variants.map((variant) => ({ network, variant })));
  for (const [done, { network, variant }] of work.entries()) {
    onProgress('Timing layers and loading', done, work.length);
    const { model, form, graph, program } = network;
    const kernels = kernelsModule(variant);
    const loaded = await loadWarm(program, kernels, network.input);
    if (options.layers) {
      // Every layer whole, which one computed in bands is not.
      const whole = await loadNetwork(graph, variant, { intermediates: true });
      whole.run(elementsOf(network.input));
      const report = timeLayers(graph, whole, variant, microbenchmark, LAYER_PASSES);
      layers.push({ model, form, variant, ...report });
    }
    if (isPlain(form)) {
      const times = await timeLoading(program, kernels, loaded, iterations);
      loads.push({ model, form, variant, ...times });
    }
  }

  const browser = options.browser
    ? await browserTimes({ ...options, networks, variants, peers: installed }, notes)
    : undefined;
  const cold = options.cold ? await coldStarts(networks, variants, installed, onProgress) : [];
  return {
    machine: describeMachine(),
    iterations,
    peaks,
    networks: contests,
    layers,
    loads,
    cold,
    kernels: await Promise.all(
      variants.map(async (variant) => ({
        variant,
        ...(await sizesOf(readFileSync(kernelsPath(variant)))),
      })),
    ),
    programs: await programSizes(networks, onProgress),
    ...(browser === undefined ? {} : { browser }),
    notes,
  };
}

async function prepare(model: EmbeddedName, form: Form): Promise<Prepared> {
  const { name, ...choice } = form;
  const graph = loadModel({ model, ...choice });
  const photo = goldenInputs.find((input) => input.name === 'alpine landscape');
  if (photo === undefined) throw new Error('Expected the golden input "alpine landscape"');
  return {
    model,
    form: name,
    graph,
    input: await photo.make(graph),
    program: compileGraph(graph),
  };
}

function isPlain(form: Form['name']): boolean {
  return (plainForms as readonly string[]).includes(form);
}

async function loadWarm(
  program: Uint8Array,
  kernels: WebAssembly.Module,
  input: TensorData,
): Promise<FastPath> {
  const network = await loadProgram(program, kernels);
  for (let run = 0; run < LOAD_WARM_UP; run++) network.run(elementsOf(input));
  return network;
}

/** What is started, and the name under which its times are told. */
interface ColdEntry {
  readonly name: string;
  readonly script: string;
  readonly args: readonly string[];
}

/** Every plain form in every variant, as Program and as module, and ONNX Runtime Web where it is one of the peers: by turns, in new processes. */
async function coldStarts(
  networks: readonly Prepared[],
  variants: readonly Variant[],
  peers: readonly string[],
  onProgress: BenchOptions['onProgress'],
): Promise<BenchResults['cold']> {
  const folder = mkdtempSync(join(tmpdir(), 'plumbline-bench-'));
  try {
    const entries = networks
      .filter(({ form }) => isPlain(form))
      .flatMap(({ model, form, graph, program }) => {
        const programPath = join(folder, `${model}-${form}.program`);
        writeFileSync(programPath, program);
        const own = variants.flatMap((variant) => {
          const modulePath = join(folder, `${model}-${form}.${variant}.wasm`);
          writeFileSync(modulePath, compileModule(graph, readFileSync(kernelsPath(variant))).bytes);
          return [
            {
              name: ownName(variant),
              script: ownScript,
              args: [kernelsPath(variant), programPath],
            },
            { name: `${ownName(variant)}, one module`, script: moduleScript, args: [modulePath] },
            ...(graph.precision === 'int8' ? [packedStart(graph, variant, folder)] : []),
          ];
        });
        if (!peers.includes('onnxruntime-web'))
          return own.map((each) => ({ model, form, ...each }));
        const onnxPath = join(folder, `${model}-${form}.onnx`);
        writeFileSync(onnxPath, writeOnnx(graph).bytes);
        const other = {
          name: 'onnxruntime-web',
          script: peerPath('cold-onnxruntime.ts'),
          args: [onnxPath],
        };
        return [...own, other].map((each) => ({ model, form, ...each }));
      })
      .map((entry) => ({ ...entry, starts: [] as ColdStart[] }));
    for (let round = 0; round < COLD_STARTS; round++) {
      for (const [i, { script, args, starts }] of entries.entries()) {
        starts.push(await startCold(script, args));
        onProgress('Starting cold', round * entries.length + i + 1, COLD_STARTS * entries.length);
      }
    }
    return entries.map(({ model, form, name, starts }) => ({
      model,
      form,
      name,
      ...summarizeStarts(starts),
    }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function packedStart(graph: Graph, variant: Variant, folder: string): ColdEntry {
  const path = join(folder, `${graph.name}.${variant}.packed.wasm`);
  const options = { decoder: readFileSync(decoderPath()) };
  writeFileSync(path, compileModule(graph, readFileSync(kernelsPath(variant)), options).bytes);
  return { name: `${ownName(variant)}, packed`, script: moduleScript, args: [path] };
}

/** Undefined, with a note, where there is no browser. */
async function browserTimes(
  work: Omit<BrowserWork, 'onProgress'> & Pick<BenchOptions, 'onProgress'>,
  notes: string[],
): Promise<BrowserResult | undefined> {
  const onProgress: BrowserWork['onProgress'] = (done, total) => {
    work.onProgress('Timing in the browser', done, total);
  };
  try {
    return await timeInBrowser({ ...work, onProgress }, notes);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    notes.push(error.message);
    return undefined;
  }
}

async function programSizes(
  networks: readonly Prepared[],
  onProgress: BenchOptions['onProgress'],
): Promise<BenchResults['programs']> {
  let done = 0;
  return Promise.all(
    networks.map(async ({ model, form, program }) => {
      const { bytes } = await loadProgram(program, kernelsModule());
      const sizes = await sizesOf(program);
      onProgress('Compressing', ++done, networks.length);
      return { model, form, ...sizes, arena: bytes.arena, memory: bytes.memory };
    }),
  );
}

function describeMachine(): Machine {
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    node: process.versions.node,
    v8: process.versions.v8,
    platform: `${process.platform} ${process.arch}`,
    cpuTimeOf: cpuClock.of,
  };
}
