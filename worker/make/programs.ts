/** The six embedded models as Programs, and the catalogue of them: what `plumbline compile` makes. */

import { copyFileSync, mkdirSync } from 'node:fs';
import { compileGraph } from '../../fastpath/compile/index.ts';
import { loadProgram } from '../../fastpath/runtime/index.ts';
import type { Graph } from '../../reference/index.ts';
import { sha256, writeBytes } from '../../tools/files.ts';
import { kernelsModule } from '../../tools/kernels.ts';
import { embeddedNames, loadModel, precisionNames } from '../../tools/models.ts';
import type { ModelEntry } from '../src/models/entry.ts';
import { programName } from '../src/models/tiers.ts';
import { headOf } from './head.ts';
import { assetsPath, programsPath } from './places.ts';

export interface BuiltModel {
  readonly entry: ModelEntry;
  readonly program: Uint8Array;
}

/** A graph compiled, and what a catalogue says of it. */
export async function buildModel(name: string, graph: Graph): Promise<BuiltModel> {
  const program = compileGraph(graph);
  const { bytes, description } = await loadProgram(program, kernelsModule());
  const [, height = 0, width = 0] = description.inputs[0]?.shape ?? [];
  const entry = {
    name,
    precision: description.precision,
    sha256: sha256(program),
    bytes: bytes.program,
    memory: bytes.memory,
    width,
    height,
    labels: [...description.labels],
  };
  return { entry, program };
}

/** The text of a catalogue, for the script, the page and stores. */
export function catalogueText(models: readonly ModelEntry[]): string {
  const catalogue = { format: 'plumbline catalogue', version: 1, models };
  return `${JSON.stringify(catalogue, undefined, 2)}\n`;
}

export async function buildPrograms(): Promise<readonly ModelEntry[]> {
  mkdirSync(programsPath(), { recursive: true });
  mkdirSync(assetsPath('models'), { recursive: true });
  const entries: ModelEntry[] = [];
  for (const name of embeddedNames) {
    for (const precision of precisionNames) {
      const graph = loadModel({ model: name, precision });
      const { entry, program } = await buildModel(name, graph);
      entries.push(entry);
      const path = programsPath(`${name}.${precision}.program`);
      writeBytes(path, program);
      copyFileSync(path, assetsPath('models', programName(entry)));
      const head = JSON.stringify(headOf(graph));
      writeBytes(assetsPath('models', `${name}.${precision}.head.json`), head);
    }
  }
  writeBytes(programsPath('catalogue.json'), catalogueText(entries));
  writeBytes(assetsPath('models', 'catalogue.json'), catalogueText(entries));
  return entries;
}
