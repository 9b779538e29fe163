/** Sixty small and ten large models, each with weights of its own, resident at once in the budget of an isolate. */

import { expect, it } from 'vitest';
import { compileGraph } from '../../fastpath/compile/index.ts';
import { loadProgram } from '../../fastpath/runtime/index.ts';
import type { Graph } from '../../reference/index.ts';
import { sha256 } from '../../tools/files.ts';
import { decodeImage } from '../../tools/images/decode.ts';
import { kernelsModule } from '../../tools/kernels.ts';
import { loadModel, type EmbeddedName } from '../../tools/models.ts';
import { buildModel, catalogueText } from '../make/programs.ts';
import { ISOLATE_BYTES, RESERVED_BYTES, BODIES_BYTES } from '../src/limits.ts';
import type { ModelEntry } from '../src/models/entry.ts';
import { CATALOGUE_KEY, programName } from '../src/models/tiers.ts';
import { scoresOf, type Score } from '../src/scores.ts';
import { encodeJpeg } from './images.ts';
import { startService } from './service.ts';

/** A small one: what is tested is not its decoding. */
const photo = await encodeJpeg(160, 120);

/** The graph with the weights of its classifier moved on by some places. */
function withOtherWeights(graph: Graph, places: number): Graph {
  const classifier = graph.operators.findLast(
    ({ kind }) => kind === 'fullyConnected' || kind === 'conv2d',
  );
  const index = classifier?.inputs[1];
  return {
    ...graph,
    tensors: graph.tensors.map((tensor, i) => {
      if (i !== index || !(tensor.data instanceof Int8Array)) return tensor;
      const { data } = tensor;
      return { ...tensor, data: data.map((_, at) => data[(at + places) % data.length] ?? 0) };
    }),
  };
}

interface Variation {
  readonly entry: ModelEntry;
  readonly program: Uint8Array;
  readonly scores: readonly Score[];
}

async function variations(model: EmbeddedName, count: number): Promise<readonly Variation[]> {
  const graph = loadModel({ model, precision: 'int8' });
  const { entry: base } = await buildModel(model, graph);
  const image = await decodeImage(photo);
  return Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const program = compileGraph(withOtherWeights(graph, i + 1));
      const network = await loadProgram(program, kernelsModule());
      const outputs = network.runImage(image);
      const name = `${model}-${String(i)}`;
      const entry = { ...base, name, bytes: program.length, sha256: sha256(program) };
      const scores = scoresOf({ outputs, description: network.description }, Infinity);
      return { entry, program, scores };
    }),
  );
}

/** What tests use of a store; its declaration needs the types of the Workers runtime. */
interface Store {
  put(key: string, value: ArrayBuffer | string): Promise<unknown>;
}

it('are served, then served again without a load or an eviction', async () => {
  const service = await startService({ kvNamespaces: ['MODELS_KV'] }, 'src/small.ts');
  const models = [...(await variations('small', 60)), ...(await variations('large', 10))];
  expect(new Set(models.map(({ entry }) => entry.sha256)).size).toBe(70);
  const store = (await service.runtime.getKVNamespace('MODELS_KV')) as unknown as Store;
  await store.put(CATALOGUE_KEY, catalogueText(models.map(({ entry }) => entry)));
  for (const { entry, program } of models) {
    await store.put(programName(entry), Uint8Array.from(program).buffer);
  }
  for (const state of ['kv', 'hit']) {
    for (const { entry, scores } of models) {
      const answer = await service.post(`/v1/classify?model=${entry.name}&top=10`, photo);
      expect([answer.status, answer.headers.get('x-plumbline-cache')]).toEqual([200, state]);
      expect(await answer.json()).toEqual(scores);
    }
  }
  const metrics = await (await service.fetch('/metrics')).text();
  expect(metrics).toMatch(/^plumbline_models_loaded 70$/m);
  expect(metrics).not.toContain('evictions');
  const bytes = Number(/^plumbline_work_bytes (\d+)$/m.exec(metrics)?.[1]);
  const memory = models.reduce((sum, { entry }) => sum + entry.memory, 0);
  expect(bytes).toBeGreaterThan(memory);
  expect(bytes + RESERVED_BYTES + BODIES_BYTES).toBeLessThanOrEqual(ISOLATE_BYTES);
  // Seventy networks are compiled here: on a busy machine that takes its time.
}, 240_000);

it('come from R2 where KV has them damaged, and are counted', async () => {
  const service = await startService(
    { kvNamespaces: ['MODELS_KV'], r2Buckets: ['MODELS_R2'] },
    'src/small.ts',
  );
  const [model] = await variations('small', 1);
  if (model === undefined) throw new Error('Expected a model');
  const { entry, program, scores } = model;
  const kv = (await service.runtime.getKVNamespace('MODELS_KV')) as unknown as Store;
  const r2 = (await service.runtime.getR2Bucket('MODELS_R2')) as unknown as Store;
  await kv.put(programName(entry), Uint8Array.from(program).fill(0, 5000, 5010).buffer);
  await r2.put(programName(entry), Uint8Array.from(program).buffer);
  await r2.put(CATALOGUE_KEY, catalogueText([entry]));
  const answer = await service.post(`/v1/classify?model=${entry.name}`, photo);
  expect([answer.status, answer.headers.get('x-plumbline-cache')]).toEqual([200, 'r2']);
  expect(await answer.json()).toEqual(scores);
  const metrics = await (await service.fetch('/metrics')).text();
  expect(metrics).toContain('plumbline_digest_mismatches_total{tier="kv"} 1\n');
});
