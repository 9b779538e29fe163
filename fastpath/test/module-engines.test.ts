/** Compiled models in every engine: what the reference computes, bit for bit; of float32, what the fast path does. */

import { existsSync, readFileSync } from 'node:fs';
import process from 'node:process';
import { beforeAll, describe, expect, it } from 'vitest';
import { noiseImage } from '../../conformance/arbitrary-networks.ts';
import { imageToInput, interpreter, type Graph } from '../../reference/index.ts';
import { tensorAt } from '../../reference/validate/index.ts';
import { decoderPath, kernelsModule, kernelsPath } from '../../tools/kernels.ts';
import { loadModel, type ModelChoice } from '../../tools/models.ts';
import { compileGraph } from '../compile/index.ts';
import { compileModule } from '../module/index.ts';
import { loadProgram, variants, type Elements, type Variant } from '../runtime/index.ts';
import { engines, type EngineCase, type Found } from './module-engines.ts';

const choices = [
  { model: 'small', precision: 'int8' },
  { model: 'small', precision: 'int16' },
  { model: 'small', precision: 'float32' },
  { model: 'large', precision: 'int8' },
] as const satisfies readonly ModelChoice[];

const decoder = readFileSync(decoderPath());
const kernels = {
  simd: readFileSync(kernelsPath()),
  relaxed: readFileSync(kernelsPath('relaxed')),
};
const required = process.env['PLUMBLINE_REQUIRE_SHARED'] === '1';
const cases = new Map<Variant, Map<string, EngineCase>>(variants.map((each) => [each, new Map()]));
const wanted = new Map<string, Found>();

/** Labels and probabilities, the likeliest first. */
function classesOf(graph: Graph, elements: readonly number[]): Found {
  const { quantization } = tensorAt(graph, graph.outputs[0] ?? -1);
  const [scale = 1] = quantization?.scales ?? [];
  return graph.labels
    .map((label, i) => ({
      label,
      probability: scale * ((elements[i] ?? NaN) - (quantization?.zeroPoint ?? 0)),
    }))
    .sort((a, b) => b.probability - a.probability);
}

async function fastOutput(graph: Graph, variant: Variant, input: Elements): Promise<Elements> {
  const network = await loadProgram(compileGraph(graph), kernelsModule(variant));
  return network.run(input)[0] ?? expect.unreachable();
}

beforeAll(async () => {
  for (const choice of choices) {
    const graph = loadModel(choice);
    const [, side = 0] = tensorAt(graph, graph.inputs[0] ?? -1).shape;
    const image = noiseImage(side, 7);
    const input = imageToInput(graph, image) as Elements;
    // Integers are the same in both variants.
    const outputs =
      graph.precision === 'float32' ? undefined : interpreter(graph).run([input]).outputs;
    for (const variant of variants) {
      const name = `${choice.model}.${choice.precision}.${variant}`;
      const { bytes } = compileModule(graph, kernels[variant]);
      cases.get(variant)?.set(name, { wasm: bytes, rgb: image.data });
      const elements = outputs?.[0]?.data ?? (await fastOutput(graph, variant, input));
      const classes = classesOf(graph, Array.from(elements, Number));
      wanted.set(name, classes);
      if (graph.precision !== 'int8' || choice.model === 'large') continue;
      const packed = compileModule(graph, kernels[variant], { decoder });
      cases.get(variant)?.set(`${name}.packed`, { wasm: packed.bytes, rgb: image.data });
      wanted.set(`${name}.packed`, classes);
    }
  }
}, 180_000);

for (const { name, variants: taken, program, run } of engines) {
  const absent = program !== undefined && !existsSync(program) && !required;
  if (absent) {
    process.stderr.write(
      `Skipping ${String(taken.length)} tests in ${name}: Expected ${program} but found none\n`,
    );
  }
  describe.skipIf(absent)(name, () => {
    it.each(taken)(
      'computes what the reference does: %s',
      async (variant) => {
        const found = await run(cases.get(variant) ?? expect.unreachable());
        expect(Object.keys(found)).toHaveLength(cases.get(variant)?.size ?? 0);
        for (const [each, classes] of Object.entries(found)) {
          expect(classes, each).toEqual(wanted.get(each));
        }
      },
      120_000,
    );
  });
}
