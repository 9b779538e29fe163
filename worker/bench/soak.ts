/**
 * Ten thousand requests, good and hostile, sixteen at once, on the runtime alone: `npm run worker:soak [-- --requests N]`.
 * Exits with 1 for an answer of 500 and more, one that is lost or another image's, or memory that goes on growing.
 */

import { parseArgs } from 'node:util';
import process from 'node:process';
import { buildAll } from '../make/all.ts';
import { WORK_BYTES } from '../src/limits.ts';
import { attacks, damagedPhoto } from '../test/attacks.ts';
import { encodeAsPng, encodeJpeg, encodeWebp, turned } from '../test/images.ts';
import { photos, scoresInNode } from '../test/node.ts';
import { bytesHeld, collect, memoriesAlive, startCounting } from './alive.ts';
import { exchange } from './exchange.ts';

const CONNECTIONS = 16;
/** After which memory may not grow: every model and form of image has been seen by then. */
const WARM_FRACTION = 0.2;
/** Larger attacks come in one of so many turns: they take as long as hundreds of photos. */
const LARGE_BYTES = 300_000;
const LARGE_TURNS = 25;

const { values } = parseArgs({ options: { requests: { type: 'string', default: '10000' } } });
const requests = Number(values.requests);
if (!Number.isInteger(requests) || requests < 100) {
  process.stderr.write('Expected --requests to be an integer of at least 100\n');
  process.exit(2);
}

interface Case {
  readonly name: string;
  readonly path: string;
  readonly body: Uint8Array;
  readonly status: readonly number[];
  /** The body of the answer, where it is known. */
  readonly answer?: string;
}

async function goodCases(): Promise<readonly Case[]> {
  const baseline = await encodeJpeg(320, 240, { progressive: false, baseline: true });
  const files = [
    baseline,
    turned(baseline, 6),
    await encodeJpeg(200, 300, { progressive: true }),
    await encodeWebp(256, 200),
    encodeAsPng(120, 90, 6, 8),
    ...photos,
  ];
  const cases: Case[] = [];
  for (const [model, precision] of [
    ['small', 'int8'],
    ['small', 'int16'],
    ['small', 'float32'],
    ['large', 'int8'],
    ['large', 'int16'],
    ['large', 'float32'],
  ] as const) {
    for (const [i, body] of files.entries()) {
      cases.push({
        name: `image ${String(i)}, ${model} ${precision}`,
        path: `/v1/classify?model=${model}&precision=${precision}&top=10`,
        body,
        status: [200],
        answer: JSON.stringify(await scoresInNode(model, precision, body)),
      });
    }
  }
  return cases;
}

async function badCases(): Promise<readonly [small: readonly Case[], large: readonly Case[]]> {
  const path = '/v1/classify';
  const all = (await attacks()).map(({ name, file, status }) => ({
    name,
    path,
    body: file,
    status: [status],
  }));
  const [photo = new Uint8Array(0)] = photos;
  const damaged = Array.from({ length: 10 }, (_, seed) => ({
    name: `damaged ${String(seed)}`,
    path,
    body: damagedPhoto(photo, seed),
    status: [200, 422],
  }));
  const small = [...all.filter(({ body }) => body.length <= LARGE_BYTES), ...damaged];
  return [small, all.filter(({ body }) => body.length > LARGE_BYTES)];
}

await buildAll();
const good = await goodCases();
const [bad, large] = await badCases();
const runtime = await startCounting();
const faults: string[] = [];
const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);
const statuses = new Map<number, number>();

/** Bytes at one moment. */
interface Sample {
  /** What the Worker says to hold or has reserved. */
  readonly work: number;
  /** Wasm memories that the engine has not collected yet, and those that a collection leaves. */
  readonly uncollected: number;
  readonly alive: number;
  /** Of the process, before that collection. */
  readonly resident: number;
}

const samples: Sample[] = [];
let sent = 0;

function caseOf(turn: number): Case | undefined {
  if (turn % (2 * LARGE_TURNS) === 1)
    return large[Math.floor(turn / (2 * LARGE_TURNS)) % large.length];
  // Popular models come often, all of them come.
  return turn % 2 === 1
    ? bad[turn % bad.length]
    : good[(turn * 7) % (turn % 3 === 0 ? good.length : 16)];
}

async function ask({ name, path, body, status, answer }: Case): Promise<void> {
  try {
    const answered = await exchange(`${runtime.url}${path}`, body);
    statuses.set(answered.status, (statuses.get(answered.status) ?? 0) + 1);
    if (!status.includes(answered.status)) {
      faults.push(`${name}: ${String(answered.status)} ${answered.text.slice(0, 200)}`);
    } else if (answer !== undefined && answered.text !== answer) {
      faults.push(`${name}: another answer`);
    }
  } catch (error) {
    faults.push(`${name}: lost (${error instanceof Error ? error.message : String(error)})`);
  }
}

async function sample(): Promise<void> {
  const uncollected = (await memoriesAlive(runtime)).bytes;
  const resident = runtime.memory();
  const alive = (await collect(runtime)).bytes;
  const found = { work: await bytesHeld(runtime), uncollected, alive, resident };
  samples.push(found);
  const columns = Object.entries(found).map(([name, bytes]) => `${name} ${mib(bytes)}`);
  process.stderr.write(`${String(sent)} of ${String(requests)}: ${columns.join(', ')}\n`);
}

const start = performance.now();
await Promise.all(
  Array.from({ length: CONNECTIONS }, async () => {
    while (sent < requests) {
      const turn = sent++;
      const next = caseOf(turn);
      if (next !== undefined) await ask(next);
      if (turn % Math.ceil(requests / 50) === 0) await sample();
    }
  }),
);
await sample();
const seconds = (performance.now() - start) / 1000;
const cpu = runtime.cpu();
await runtime.stop();

const begin = Math.floor(samples.length * WARM_FRACTION);
const warm = samples.slice(begin);
const most = (part: readonly Sample[], key: keyof Sample): number =>
  Math.max(...part.map((each) => each[key]));
const least = (part: readonly Sample[], key: keyof Sample): number =>
  Math.min(...part.map((each) => each[key]));
const median = (part: readonly Sample[], key: keyof Sample): number =>
  part.map((each) => each[key]).toSorted((a, b) => a - b)[Math.floor(part.length / 2)] ?? NaN;
const half = Math.floor(warm.length / 2);
for (const key of ['work', 'alive'] as const) {
  // What is under way comes and goes; what stays would raise all samples.
  const [before, after] = [warm.slice(0, half), warm.slice(half)].map((part) => median(part, key));
  if ((after ?? NaN) > (before ?? NaN)) faults.push(`${key} grew after warm-up`);
  if (most(samples, key) > WORK_BYTES) faults.push(`${key} is beyond the budget`);
}

const counts = Array.from(statuses.entries()).toSorted(([a], [b]) => a - b);
process.stdout.write(
  `${String(requests)} requests, ${String(CONNECTIONS)} at once, ${seconds.toFixed(0)} s, ${(cpu / requests).toFixed(2)} ms of processor time each\n`,
);
process.stdout.write(
  `answers: ${counts.map(([status, count]) => `${String(count)} of ${String(status)}`).join(', ')}\n`,
);
process.stdout.write(
  `after warm-up, MiB: ${(['work', 'alive', 'uncollected', 'resident'] as const).map((key) => `${key} ${mib(least(warm, key))} to ${mib(most(warm, key))}`).join(', ')}; wasm memory alive, median ${mib(median(warm.slice(0, half), 'alive'))}, then ${mib(median(warm.slice(half), 'alive'))}; budget ${mib(WORK_BYTES)}\n`,
);
process.stdout.write(`${String(faults.length)} faults\n`);
for (const fault of faults.slice(0, 20)) process.stdout.write(`  ${fault}\n`);
if (faults.length > 0) process.exitCode = 1;
