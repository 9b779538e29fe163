/**
 * Which policy makes requests wait least: `npm run simulate` prints a table and writes the chart worker/docs/policies.svg.
 * Needs the catalogue of the build (`node worker/make/all.ts`) for the sizes of the models.
 */

import { mkdirSync, readFileSync } from 'node:fs';
import process from 'node:process';
import { writeBytes } from '../../tools/files.ts';
import { packagePath } from '../../tools/models.ts';
import { lineChart } from '../make/chart.ts';
import { programsPath } from '../make/places.ts';
import { WORK_BYTES } from '../src/limits.ts';
import { readCatalogue } from '../src/models/entry.ts';
import { Sieve } from '../src/models/policy.ts';
import { GreedyDualSize, LeastRecentlyUsed, type SizedPolicy } from './policies.ts';
import { random, simulate, type SimulatedModel } from './simulate.ts';

const MODELS = 300;
const REQUESTS = 200_000;
const SHIFT = 50_000;
const SEEDS = [1, 2, 3];
const EXPONENTS = [0.4, 0.6, 0.8, 1, 1.2, 1.4];
/** A decoder stays beside the models. */
const BUDGET = WORK_BYTES - 17 * 2 ** 20;

/** Milliseconds of a load from a store: an answer, and each megabyte read, verified and copied (assumed: stores near and far take less and more). */
const ANSWER_MS = 5;
const MEGABYTE_MS = 3;

const policies: readonly (readonly [string, () => SizedPolicy])[] = [
  ['least recently used', () => new LeastRecentlyUsed()],
  ['SIEVE', () => new Sieve()],
  ['GreedyDual-Size', () => new GreedyDualSize()],
];

/** Models of both sizes and all precisions, small ones and int8 more often. */
function models(): readonly SimulatedModel[] {
  const kinds = readCatalogue(readFileSync(programsPath('catalogue.json')));
  const next = random(7);
  return Array.from({ length: MODELS }, (_, i) => {
    const size = next() < 0.7 ? 'small' : 'large';
    const precision = next() < 0.6 ? 'int8' : next() < 0.5 ? 'int16' : 'float32';
    const kind = kinds.find((each) => each.name === size && each.precision === precision);
    if (kind === undefined) throw new Error(`Expected ${size} ${precision} in the catalogue`);
    return {
      key: String(i),
      bytes: kind.memory,
      cost: ANSWER_MS + (MEGABYTE_MS * kind.bytes) / 1e6,
    };
  });
}

const all = models();
const rows = policies.map(([name, create]) => ({
  name,
  results: EXPONENTS.map((exponent) => {
    const runs = SEEDS.map((seed) =>
      simulate(create(), {
        models: all,
        budget: BUDGET,
        exponent,
        requests: REQUESTS,
        shift: SHIFT,
        seed,
      }),
    );
    const mean = (value: (run: (typeof runs)[number]) => number): number =>
      runs.reduce((sum, run) => sum + value(run), 0) / runs.length;
    return { load: mean((run) => run.load), hits: mean((run) => run.hits) };
  }),
}));

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;
process.stdout.write(
  line(['load ms a request (hits)', ...EXPONENTS.map((exponent) => `Zipf ${String(exponent)}`)]),
);
process.stdout.write(line(['---', ...EXPONENTS.map(() => '---:')]));
for (const { name, results } of rows) {
  const cells = results.map(
    ({ load, hits }) => `${load.toFixed(2)} (${(100 * hits).toFixed(0)} %)`,
  );
  process.stdout.write(line([name, ...cells]));
}
mkdirSync(packagePath('worker', 'docs'), { recursive: true });
writeBytes(
  packagePath('worker', 'docs', 'policies.svg'),
  lineChart({
    title: 'Waiting for loads, by the policy that evicts models',
    x: { label: "exponent of Zipf's law: how much requests prefer some models", values: EXPONENTS },
    y: { label: 'milliseconds of loading a request' },
    series: rows.map(({ name, results }) => ({ name, values: results.map(({ load }) => load) })),
  }),
);
