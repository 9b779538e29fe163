/**
 * What an answer takes on the runtime alone, and how much of it is the network: `npm run worker:bench`.
 *
 * Bars go by processor time of the process, which other work on the machine changes little; wall times are told too.
 * `--price` is that of a million milliseconds of processor time, in dollars; `--only overhead`, `cold` or `figure` picks.
 */

import { mkdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import process from 'node:process';
import { writeBytes } from '../../tools/files.ts';
import { packagePath } from '../../tools/models.ts';
import { buildAll } from '../make/all.ts';
import { bundleWorker } from '../make/bundle.ts';
import { scatterChart, type Point } from '../make/chart.ts';
import { photoJpeg } from '../test/images.ts';
import { emptyWorker, startRuntime, type Runtime } from './workerd.ts';

const { values } = parseArgs({
  options: {
    price: { type: 'string', default: '0.02' },
    only: { type: 'string', multiple: true, default: ['overhead', 'cold', 'figure'] },
  },
});
const price = Number(values.price);
if (!(price >= 0)) {
  process.stderr.write('Expected --price to be dollars a million milliseconds\n');
  process.exit(2);
}

const models = ['small', 'large'].flatMap((name) =>
  ['float32', 'int16', 'int8'].map((precision) => `${name} ${precision}`),
);
const WARM_UP = 300;
const REQUESTS = 800;
/** By turns, since what else the machine does changes from one to the next. */
const ROUNDS = 7;
const ROUND_REQUESTS = 200;
const STARTS = 21;
const CONNECTIONS = 4;

const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};
const progress = (text: string): void => {
  process.stderr.write(`${text}\n`);
};
const row = (cells: readonly string[]): void => {
  print(`| ${cells.join(' | ')} |`);
};
const ms = (value: number): string => value.toFixed(2);

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

/** Median, and what a quarter lies below and above. */
function quartiles(numbers: readonly number[]): string {
  const sorted = numbers.toSorted((a, b) => a - b);
  const [low, middle, high] = [0.25, 0.5, 0.75].map((part) =>
    (sorted[Math.round(part * (sorted.length - 1))] ?? NaN).toFixed(0),
  );
  return `${middle ?? ''} (${low ?? ''} to ${high ?? ''})`;
}

async function get(url: string, body?: Uint8Array): Promise<number> {
  const start = performance.now();
  const init = body === undefined ? {} : { method: 'POST', body: body as Uint8Array<ArrayBuffer> };
  // The runtime closes a connection that idled for 5 s, perhaps as this leaves on it.
  const answer = await fetch(url, init).catch(() => fetch(url, init));
  await answer.arrayBuffer();
  if (!answer.ok) throw new Error(`Expected ${url} to answer but found ${String(answer.status)}`);
  return performance.now() - start;
}

const modelQuery = (model: string): string => `model=${encodeURIComponent(model)}`;

/** Processor time of a stage, from two numbers of repetitions. */
async function stageTime(
  runtime: Runtime,
  stage: string,
  model: string,
  few: number,
  many: number,
): Promise<number> {
  const times: number[] = [];
  for (const n of [few, many]) {
    const before = runtime.cpu();
    await get(`${runtime.url}/${stage}?${modelQuery(model)}&n=${String(n)}`);
    times.push(runtime.cpu() - before);
  }
  return ((times[1] ?? NaN) - (times[0] ?? NaN)) / (many - few);
}

await buildAll();
const service = await bundleWorker('src/index.ts');
const stages = await bundleWorker('bench/worker.ts');
const photo = await photoJpeg(640, 480);
async function stageRuntime(): Promise<Runtime> {
  const runtime = await startRuntime(stages, '/empty');
  await get(`${runtime.url}/photo`, photo);
  return runtime;
}

/** Processor time of an answer at a number of connections, and wall time of one at a time. */
async function answers(
  runtime: Runtime,
  path: string,
  connections: number,
  requests: number,
): Promise<{ cpu: number; wall: number; perSecond: number }> {
  const url = `${runtime.url}${path}`;
  const before = runtime.cpu();
  const start = performance.now();
  const walls: number[] = [];
  await Promise.all(
    Array.from({ length: connections }, async () => {
      for (let i = 0; i < requests / connections; i++) walls.push(await get(url, photo));
    }),
  );
  const elapsed = performance.now() - start;
  return {
    cpu: (runtime.cpu() - before) / requests,
    wall: median(walls),
    perSecond: (1000 * requests) / elapsed,
  };
}

/** The Worker, after so many answers that nothing is slower for being new. */
async function warmService(path: string): Promise<Runtime> {
  const runtime = await startRuntime(service);
  for (let i = 0; i < WARM_UP; i++) await get(`${runtime.url}${path}`, photo);
  return runtime;
}

async function overhead(): Promise<void> {
  progress('Stages of small int8 on 640 x 480 pixels ...');
  const bench = await stageRuntime();
  await get(`${bench.url}/program?${modelQuery('small int8')}`);
  await get(`${bench.url}/all?${modelQuery('small int8')}&n=100`);
  const parts = new Map<string, number>();
  for (const stage of ['decode', 'resize', 'inference']) {
    parts.set(stage, await stageTime(bench, stage, 'small int8', 20, 420));
  }
  await get(`${bench.url}/photo`, await photoJpeg(1920, 1080));
  const larger = await stageTime(bench, 'decode', 'small int8', 5, 65);
  await get(`${bench.url}/photo`, photo);
  const runtime = await warmService('/v1/classify');
  const rounds: { all: number; one: number; many: number; wall: number; perSecond: number }[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    const all = await stageTime(bench, 'all', 'small int8', 5, 5 + ROUND_REQUESTS);
    const one = await answers(runtime, '/v1/classify', 1, ROUND_REQUESTS);
    const many = await answers(runtime, '/v1/classify', CONNECTIONS, ROUND_REQUESTS);
    rounds.push({ all, one: one.cpu, many: many.cpu, wall: one.wall, perSecond: many.perSecond });
  }
  await bench.stop();
  await runtime.stop();
  const of = (value: (round: (typeof rounds)[number]) => number): number =>
    median(rounds.map(value));
  print(
    `Warm answers of small int8 to a JPEG of 640 x 480 pixels, milliseconds of processor time; medians of ${String(ROUNDS)} rounds:\n`,
  );
  row(['decode', 'resize', 'inference', 'all three', 'answer', 'beyond them', 'throughput']);
  row(['---:', '---:', '---:', '---:', '---:', '---:', '---:']);
  row([
    ms(parts.get('decode') ?? NaN),
    ms(parts.get('resize') ?? NaN),
    ms(parts.get('inference') ?? NaN),
    ms(of(({ all }) => all)),
    ms(of(({ one }) => one)),
    ms(of(({ one, all }) => one - all)),
    `${(100 * of(({ all, many }) => all / many)).toFixed(0)} % of what all three allow`,
  ]);
  print(
    `\nWall: ${ms(of(({ wall }) => wall))} ms an answer at one connection; ${of(({ perSecond }) => perSecond).toFixed(0)} answers a second at ${String(CONNECTIONS)} (this machine may do other work too). Decoding the same photo at 1920 x 1080 pixels: ${ms(larger)}.`,
  );
}

/** Milliseconds. */
type Start = Readonly<Record<'wall' | 'processor', number>>;

/** Pairs, since what else the machine does changes from one to the next: each start is held to the empty one before it. */
async function cold(): Promise<void> {
  progress('Cold starts ...');
  const start = async (modules: typeof service): Promise<Start> => {
    const begin = performance.now();
    const runtime = await startRuntime(modules);
    await get(`${runtime.url}/v1/classify`, photo);
    const wall = performance.now() - begin;
    const processor = runtime.cpu();
    await runtime.stop();
    return { wall, processor };
  };
  const pairs: (readonly [empty: Start, own: Start])[] = [];
  for (let i = 0; i < STARTS; i++) pairs.push([await start(emptyWorker), await start(service)]);
  print(
    `\nFrom the start of the process to the first answer, a photo of 640 x 480 pixels by small int8, milliseconds; ${String(STARTS)} starts each, by turns: median (quartiles):\n`,
  );
  row(['', 'empty Worker', 'this one', 'beyond']);
  row(['---', '---:', '---:', '---:']);
  for (const clock of ['wall', 'processor'] as const) {
    const [empty, own] = [0, 1].map((at) => pairs.map((pair) => pair[at as 0 | 1][clock]));
    const beyond = pairs.map(([before, after]) => after[clock] - before[clock]);
    row([clock, ...[empty, own, beyond].map((times) => quartiles(times ?? []))]);
  }
}

async function figure(): Promise<void> {
  print(
    '\nLoad and inference by model, milliseconds; cold: the first in an isolate, by the wall; warm: processor time:\n',
  );
  row([
    'model',
    'load, cold',
    'load, warm',
    'inference, cold',
    'inference, warm',
    'answer',
    'a million answers',
  ]);
  row(['---', '---:', '---:', '---:', '---:', '---:', '---:']);
  const points: Point[] = [];
  for (const model of models) {
    progress(`${model} ...`);
    const colds: [number, number][] = [];
    for (let i = 0; i < 5; i++) {
      const runtime = await stageRuntime();
      await get(`${runtime.url}/program?${modelQuery(model)}`);
      const empty = median(await sequence(20, () => get(`${runtime.url}/empty`)));
      const load = await get(`${runtime.url}/first-load?${modelQuery(model)}`);
      const run = await get(`${runtime.url}/first-run?${modelQuery(model)}`);
      colds.push([load - empty, run - empty]);
      await runtime.stop();
    }
    const runtime = await stageRuntime();
    await get(`${runtime.url}/program?${modelQuery(model)}`);
    await get(`${runtime.url}/all?${modelQuery(model)}&n=20`);
    const times = model.startsWith('small') ? 400 : 100;
    const load = await stageTime(runtime, 'load', model, 5, times);
    const inference = await stageTime(runtime, 'inference', model, 5, times);
    await runtime.stop();
    const [name = '', precision = ''] = model.split(' ');
    const path = `/v1/classify?model=${name}&precision=${precision}`;
    const served = await warmService(path);
    const answer = await answers(served, path, 1, REQUESTS);
    await served.stop();
    const coldLoad = median(colds.map(([each]) => each));
    const coldRun = median(colds.map(([, each]) => each));
    points.push({ label: model, cold: [coldLoad, coldRun], warm: [load, inference] });
    row([
      model,
      ms(coldLoad),
      ms(load),
      ms(coldRun),
      ms(inference),
      ms(answer.cpu),
      `$ ${(answer.cpu * price).toFixed(2)}`,
    ]);
  }
  mkdirSync(packagePath('worker', 'docs'), { recursive: true });
  writeBytes(
    packagePath('worker', 'docs', 'load-and-inference.svg'),
    scatterChart({
      title: 'Load against inference, in a Worker',
      x: 'load, milliseconds',
      y: 'inference, milliseconds',
      points,
    }),
  );
  print(`\nProcessor time at $ ${String(price)} a million milliseconds, requests not counted.`);
}

async function sequence<T>(count: number, work: () => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let i = 0; i < count; i++) results.push(await work());
  return results;
}

const sections = { overhead, cold, figure };
for (const [name, part] of Object.entries(sections)) if (values.only.includes(name)) await part();
