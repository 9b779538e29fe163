/**
 * Milliseconds an inference, of every runtime and of the fast path, in one run: `npm run time -- [rounds] [names]`.
 *
 * All are loaded and warmed up first; then each round gives every one of them a turn, so that what else the machine
 * does falls on all alike. Wall time is the median of the rounds. CPU time is that of the process (its other threads
 * compile and collect) over all rounds, divided by their number. Inputs are handed over and outputs read outside the
 * measured time, except for the fast path, whose run does both.
 */

import process from 'node:process';
import { compileGraph } from '../../fastpath/compile/index.ts';
import { loadProgram, type Elements } from '../../fastpath/runtime/index.ts';
import { goldenInputs } from '../../golden/inputs.ts';
import type { Graph, PrecisionName, TensorData } from '../../reference/index.ts';
import { kernelsModule } from '../kernels.ts';
import { loadModel } from '../models.ts';
import { UnsupportedError } from '../../fastpath/compile/errors.ts';
import { litertRelaxed, litertSimd } from './litert.ts';
import { onnxruntime } from './onnxruntime.ts';
import type { Peer } from './session.ts';
import { tfjsCpu, tfjsWasm } from './tfjs.ts';

const peers: readonly Peer[] = [onnxruntime, tfjsCpu, tfjsWasm, litertSimd, litertRelaxed];

interface Contestant {
  readonly name: string;
  readonly run: () => void | Promise<void>;
  readonly release: () => void | Promise<void>;
}

interface Row {
  readonly name: string;
  readonly wall: number;
  readonly cpu: number;
}

async function contestants(
  graph: Graph,
  input: TensorData,
  wanted: (name: string) => boolean,
): Promise<Contestant[]> {
  const list: Contestant[] = [];
  if (wanted('fastpath')) {
    const program = await loadProgram(compileGraph(graph), kernelsModule());
    list.push({
      name: 'fastpath',
      run: () => {
        program.run(input as Elements);
      },
      release: () => undefined,
    });
  }
  for (const peer of peers.filter(({ name }) => wanted(name))) {
    try {
      const session = await peer.open(graph);
      session.load([input]);
      list.push({ name: peer.name, run: session.compute, release: session.release });
    } catch (error) {
      if (!(error instanceof UnsupportedError)) throw error;
    }
  }
  return list;
}

async function measure(list: readonly Contestant[], rounds: number): Promise<readonly Row[]> {
  const walls = list.map((): number[] => []);
  const cpus = list.map(() => 0);
  const warmup = Math.max(5, Math.ceil(rounds / 5));
  for (let round = -warmup; round < rounds; round++) {
    for (const [position, { run }] of list.entries()) {
      const cpu = process.cpuUsage();
      const start = performance.now();
      await run();
      const wall = performance.now() - start;
      const { user, system } = process.cpuUsage(cpu);
      if (round < 0) continue;
      walls[position]?.push(wall);
      cpus[position] = (cpus[position] ?? 0) + (user + system) / 1000;
    }
  }
  return list.map(({ name }, position) => ({
    name,
    wall: median(walls[position] ?? []),
    cpu: (cpus[position] ?? NaN) / rounds,
  }));
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

interface Setting {
  readonly precision: PrecisionName;
  readonly int16Weights?: 'int8';
  readonly text: string;
}

const settings: readonly Setting[] = [
  { precision: 'float32', text: 'float32' },
  { precision: 'int8', text: 'int8' },
  { precision: 'int16', text: 'int16' },
  { precision: 'int16', int16Weights: 'int8', text: 'int16 with int8 weights' },
];

const [roundsText = '30', ...names] = process.argv.slice(2);
const rounds = Number(roundsText);
if (!Number.isSafeInteger(rounds) || rounds < 1) {
  throw new RangeError(`Expected rounds to be an integer greater than 0 but found ${roundsText}`);
}

for (const model of ['large', 'small']) {
  for (const { text, ...setting } of settings) {
    const graph = loadModel({ model, ...setting });
    const input = await goldenInputs[0]?.make(graph);
    if (input === undefined) throw new Error('Expected a golden input');
    const wanted = (name: string): boolean => names.length === 0 || names.includes(name);
    const list = await contestants(graph, input, wanted);
    const rows = await measure(list, model === 'large' ? rounds : rounds * 5);
    const own = rows.find(({ name }) => name === 'fastpath');
    console.log(`\n${model} ${text}`);
    for (const { name, wall, cpu } of rows) {
      const ratio = own === undefined ? '' : `  ${(wall / own.wall).toFixed(2)} x`;
      console.log(
        `  ${name.padEnd(16)} wall ${wall.toFixed(2).padStart(8)} ms  CPU ${cpu.toFixed(2).padStart(8)} ms${ratio}`,
      );
    }
    for (const { release } of list) await release();
  }
}
