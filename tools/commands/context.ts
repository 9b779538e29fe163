/** What the commands share: options, progress and tables. */

import process from 'node:process';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { precisionNames } from '../models.ts';
import {
  operatorKinds,
  type Int16Weights,
  type OperatorKind,
  type PrecisionName,
} from '../../reference/index.ts';

export interface ModelOptions {
  readonly precision?: PrecisionName;
  readonly calibration?: string;
  readonly int16Weights?: Int16Weights;
}

/** Adds the options that choose a form of a model. */
export function withModelOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--precision <name>', 'arithmetic of the network').choices(precisionNames),
    )
    .option('--calibration <file>', 'record to derive int8 or int16 of a float32 file with')
    .addOption(
      new Option('--int16-weights <form>', 'weights of an int16 model').choices([
        'bounded',
        'full',
        'int8',
      ]),
    );
}

export interface SuiteFlags {
  readonly operator?: readonly OperatorKind[];
  readonly precision?: readonly PrecisionName[];
  readonly runs: number;
  readonly seed: number;
}

/** Adds the options that choose what the conformance suite draws. */
export function withSuiteOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--operator <kinds...>', 'operators to check (default: all)').choices(
        operatorKinds,
      ),
    )
    .addOption(
      new Option('--precision <names...>', 'precisions to check (default: all)').choices(
        precisionNames,
      ),
    )
    .option('--runs <n>', 'cases of each property', positiveInteger, 300)
    .addOption(seedOption());
}

/** What random cases follow from; one drawn at random, so that a failure can tell it. */
export function seedOption(): Option {
  const seed = 1 + Math.floor(Math.random() * (2 ** 31 - 1));
  return new Option('--seed <n>', 'what the cases follow from')
    .argParser(positiveInteger)
    .default(seed, 'another each time');
}

/** An option's value that is an integer of at least 1. */
export function positiveInteger(value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1) {
    throw new InvalidArgumentError('Expected an integer greater than 0.');
  }
  return number;
}

/** An option's value that is an integer of at least 0. */
export function nonNegativeInteger(value: string): number {
  const number = value.trim() === '' ? NaN : Number(value);
  if (!Number.isInteger(number) || number < 0) {
    throw new InvalidArgumentError('Expected an integer of at least 0.');
  }
  return number;
}

/** Writes a line for people, or the value for machines. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value, undefined, 2));
}

const PROGRESS_INTERVAL_MS = 2000;

/**
 * Progress on standard error: every change on a terminal, else a line every ten seconds. Nothing is shown for work
 * that ends within two seconds. What is done may be a fraction: whole parts are shown, the time left goes by all of it.
 */
export class Progress {
  readonly #what: string;
  readonly #start = performance.now();
  #last = this.#start;
  #shown = false;

  constructor(what: string) {
    this.#what = what;
  }

  update(done: number, total: number): void {
    const now = performance.now();
    const terminal = process.stderr.isTTY;
    if (now - this.#start < PROGRESS_INTERVAL_MS) return;
    if (now - this.#last < (terminal ? 100 : 5 * PROGRESS_INTERVAL_MS) && done < total) return;
    this.#last = now;
    this.#shown = true;
    const left = ((now - this.#start) / (done > 0 ? done : 1)) * (total - done);
    const text = `${this.#what}: ${String(Math.floor(done))} of ${String(total)}, ${String(Math.ceil(left / 1000))} s left`;
    process.stderr.write(terminal ? `\r${text}\u001b[K` : `${text}\n`);
  }

  end(): void {
    if (this.#shown && process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  }
}

/** Progress with its own time left for each part of the work. */
export function progressByPart(): (what: string, done: number, total: number) => void {
  let current: { readonly what: string; readonly progress: Progress } | undefined;
  return (what, done, total) => {
    if (current?.what !== what) {
      current?.progress.end();
      current = { what, progress: new Progress(what) };
    }
    current.progress.update(done, total);
    if (done === total) current.progress.end();
  };
}

/** Rows as aligned columns; numbers (a digit first) to the right. The first row is the heading. */
export function table(rows: readonly (readonly string[])[]): string {
  const [heading = []] = rows;
  const widths = heading.map((_, column) =>
    rows.reduce((width, row) => Math.max(width, (row[column] ?? '').length), 0),
  );
  const numeric = heading.map((_, column) =>
    rows.slice(1).every((row) => /^(-?\d|Infinity|-$)/.test(row[column] ?? '')),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          numeric[column] === true
            ? cell.padStart(widths[column] ?? 0)
            : cell.padEnd(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

export function percent(fraction: number): string {
  return `${(100 * fraction).toFixed(1)} %`;
}
