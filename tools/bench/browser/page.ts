/**
 * Runs in a page that `launch.ts` serves: the same contest as in Node, over networks that the server has compiled and
 * converted. Pages have no clock of CPU time, so both times are wall time.
 */

import { UnsupportedError } from '../../../fastpath/compile/errors.ts';
import { loadProgram, type Elements, type Variant } from '../../../fastpath/runtime/index.ts';
import type { Graph, GraphTensor, TensorData } from '../../../reference/index.ts';
import { elementsIn, fromFloats, toFloats } from '../codes.ts';
import { contest } from '../contest.ts';
import type { Timing } from '../measure.ts';
import type { Peer, Session } from '../session.ts';
import type { PageFindings, PageWork, ServedNetwork } from './protocol.ts';

/** What is used of ONNX Runtime Web. */
interface Ort {
  readonly env: {
    logLevel: string;
    readonly wasm: { numThreads: number; wasmPaths: string };
  };
  readonly InferenceSession: {
    create(model: Uint8Array, options: object): Promise<OrtSession>;
  };
  readonly Tensor: new (type: string, data: TensorData, shape: readonly number[]) => object;
}

interface OrtSession {
  run(feeds: Record<string, object>): Promise<Record<string, { readonly data: TensorData }>>;
  release(): Promise<void>;
}

/** What is used of LiteRT.js. */
interface LiteRt {
  loadLiteRt(path: string): Promise<unknown>;
  loadAndCompile(model: Uint8Array, options: object): Promise<LiteRtModel>;
  readonly Tensor: new (data: Float32Array, shape: readonly number[]) => LiteRtTensor;
}

interface LiteRtModel {
  run(inputs: readonly LiteRtTensor[]): Promise<readonly LiteRtTensor[]>;
  delete(): void;
}

interface LiteRtTensor {
  toTypedArray(): Float32Array;
  delete(): void;
}

/** The contests of all networks. `onProgress` is told how many of them are done. */
export async function run(
  work: PageWork,
  onProgress: (done: number, total: number) => void,
): Promise<PageFindings> {
  const notes: string[] = [];
  const networks: PageFindings['networks'][number][] = [];
  for (const [done, network] of work.networks.entries()) {
    onProgress(done, work.networks.length);
    const runtimes = [
      ...work.variants.map((variant) => ownRuntime(network, variant)),
      ...work.peers.map((name) => peer(name, network)),
    ];
    const input = elementsIn(inputOf(network.graph).type, await fetchBytes(network.files.input));
    const { timings } = await contest(network.graph, input, runtimes, {
      cpuTime: () => performance.now(),
      iterations: work.iterations,
      notes,
    });
    networks.push({
      model: network.model,
      form: network.form,
      timings: timings.map(({ name, batch, wall }: Timing) => ({ name, batch, wall })),
    });
  }
  return { networks, notes };
}

async function fetchBytes(path: string): Promise<ArrayBuffer> {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`Expected ${path} but found status ${String(response.status)}`);
  return response.arrayBuffer();
}

/** @throws {UnsupportedError} where the server has none, since the format does not know the graph */
async function fetchModel(path: string): Promise<Uint8Array> {
  const bytes = await fetchBytes(path);
  if (bytes.byteLength === 0) throw new UnsupportedError(`Expected a model at ${path}`);
  return new Uint8Array(bytes);
}

function tensorOf(graph: Graph, index: number | undefined): GraphTensor {
  const tensor = graph.tensors[index ?? -1];
  if (tensor === undefined) throw new Error('Expected a tensor');
  return tensor;
}

function inputOf(graph: Graph): GraphTensor {
  return tensorOf(graph, graph.inputs[0]);
}

function outputOf(graph: Graph, data: TensorData | undefined): ReadonlyMap<number, TensorData> {
  if (data === undefined) throw new Error('Expected the session to have computed');
  return new Map([[graph.outputs[0] ?? -1, data]]);
}

function ownRuntime({ files }: ServedNetwork, variant: Variant): Peer {
  return {
    name: `plumbline-${variant}`,
    open: async (graph) => {
      const program = new Uint8Array(await fetchBytes(files.program));
      const kernels = await fetchBytes(`/build/kernels.${variant}.wasm`);
      const network = await loadProgram(program, kernels);
      let inputs: readonly Elements[] = [];
      let outputs: readonly Elements[] = [];
      return {
        load: (data) => {
          inputs = data as readonly Elements[];
        },
        compute: () => {
          outputs = network.run(...inputs);
        },
        read: () => outputOf(graph, outputs[0]),
        release: () => undefined,
      };
    },
  };
}

function peer(name: PageWork['peers'][number], network: ServedNetwork): Peer {
  return {
    name,
    open: (graph) =>
      name === 'onnxruntime-web'
        ? openOnnxruntime(network, graph)
        : openLiteRt(network, graph, name === 'litert-simd' ? 'simd' : 'relaxed'),
  };
}

const PEERS = '/tools/peers/node_modules';

async function openOnnxruntime({ files }: ServedNetwork, graph: Graph): Promise<Session> {
  const folder = `${PEERS}/onnxruntime-web/dist/`;
  const ort = (await import(`${folder}ort.wasm.min.mjs`)) as Ort;
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmPaths = folder;
  ort.env.logLevel = 'error';
  const model = await fetchModel(files.onnx);
  const session = await ort.InferenceSession.create(model, { executionProviders: ['wasm'] });
  const { name, type, shape } = inputOf(graph);
  // The server has put the channels where the model has them.
  const data = elementsIn(type, await fetchBytes(files.onnxInput));
  const [batch = 1, height = 1, width = 1, channels = 1] = shape;
  const feeds = { [name]: new ort.Tensor(type, data, [batch, channels, height, width]) };
  const output = tensorOf(graph, graph.outputs[0]).name;
  let found: TensorData | undefined;
  return {
    load: () => undefined,
    compute: async () => {
      found = (await session.run(feeds))[output]?.data;
    },
    read: () => outputOf(graph, found),
    release: () => session.release(),
  };
}

const liteRtBuilds = {
  simd: 'litert_wasm_compat_internal.js',
  relaxed: 'litert_wasm_internal.js',
} as const;

const loadedLiteRts = new Map<string, LiteRt>();

async function openLiteRt(
  { files }: ServedNetwork,
  graph: Graph,
  build: keyof typeof liteRtBuilds,
): Promise<Session> {
  const litert = loadedLiteRts.get(build) ?? (await loadLiteRt(build));
  loadedLiteRts.set(build, litert);
  const model = await litert.loadAndCompile(await fetchModel(files.tflite), {
    accelerator: 'wasm',
  });
  const input = inputOf(graph);
  let feeds: readonly LiteRtTensor[] = [];
  let results: readonly LiteRtTensor[] = [];
  return {
    load: (inputs) => {
      feeds = inputs.map((data) => new litert.Tensor(toFloats(input, data), input.shape));
    },
    compute: async () => {
      for (const tensor of results) tensor.delete();
      results = [];
      results = await model.run(feeds);
    },
    read: () => {
      const floats = results[0]?.toTypedArray();
      const output = tensorOf(graph, graph.outputs[0]);
      return outputOf(graph, floats === undefined ? undefined : fromFloats(output, floats));
    },
    release: () => {
      for (const tensor of [...feeds, ...results]) tensor.delete();
      model.delete();
    },
  };
}

/** One instance of the package holds one build: another address is another instance. */
async function loadLiteRt(build: keyof typeof liteRtBuilds): Promise<LiteRt> {
  const folder = `${PEERS}/@litertjs/core`;
  const litert = (await import(`${folder}/dist/index.js?${build}`)) as LiteRt;
  await litert.loadLiteRt(`${folder}/wasm/${liteRtBuilds[build]}`);
  return litert;
}
