/** A vitest reporter that ends a run with one line that machines read: `N passed, N failed`, after one of skips. */

import type { Reporter, TestModule } from 'vitest/node';

export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const count = { passed: 0, failed: unhandledErrors.length, skipped: 0, pending: 0 };
    for (const module of modules) {
      for (const test of module.children.allTests()) count[test.result().state] += 1;
      // A file or group that cannot begin (an import, a beforeAll) fails without a test of its own.
      for (const group of [module, ...module.children.allSuites()]) {
        if (group.errors().length > 0) count.failed += 1;
      }
    }
    const { passed, failed, skipped, pending } = count;
    // After the default reporter's summary, which is printed in the same tick.
    process.once('exit', () => {
      const skips = skipped + pending;
      if (skips > 0) process.stdout.write(`${String(skips)} skipped\n`);
      process.stdout.write(`${String(passed)} passed, ${String(failed)} failed\n`);
    });
  }
}
