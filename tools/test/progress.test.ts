/** What long work tells on standard error. */

import process from 'node:process';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Progress } from '../commands/context.ts';

let lines: string[];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
  lines = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => lines.push(String(text)) > 0);
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** Tells of work that goes on evenly, once a second. */
function work(seconds: number, total: number): void {
  const progress = new Progress('passes');
  for (let second = 1; second <= seconds; second++) {
    vi.advanceTimersByTime(1000);
    progress.update((second / seconds) * total, total);
  }
  progress.end();
}

it('tells the time left of parts that take long', () => {
  work(40, 2);
  expect(lines).toEqual([
    'passes: 0 of 2, 30 s left\n',
    'passes: 1 of 2, 20 s left\n',
    'passes: 1 of 2, 10 s left\n',
    'passes: 2 of 2, 0 s left\n',
  ]);
});

it('tells nothing of work that ends within two seconds', () => {
  work(1, 5);
  expect(lines).toEqual([]);
});
