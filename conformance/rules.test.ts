/** Every rule of reference/SEMANTICS.md has a test, and every numbered test a rule. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');

function statedRules(): readonly string[] {
  const text = readFileSync(join(root, 'reference', 'SEMANTICS.md'), 'utf8');
  return [...text.matchAll(/^- \*\*([A-Z]\d+)\*\*/gm)].map(([, rule = '']) => rule);
}

function testedRules(): ReadonlySet<string> {
  const files = ['reference/test', 'conformance', 'tools/test'].flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith('.test.ts'))
      .map((name) => readFileSync(join(root, folder, name), 'utf8')),
  );
  const names = files.flatMap((text) => [...text.matchAll(/['"`]([A-Z]\d+) /g)]);
  return new Set(names.map(([, rule = '']) => rule));
}

it('states no rule twice', () => {
  const rules = statedRules();
  expect(rules.length).toBeGreaterThan(40);
  expect(new Set(rules).size).toBe(rules.length);
});

it('has a test for every rule', () => {
  const tested = testedRules();
  expect(statedRules().filter((rule) => !tested.has(rule))).toEqual([]);
});

it('has a rule for every numbered test', () => {
  const stated = new Set(statedRules());
  expect([...testedRules()].filter((rule) => !stated.has(rule))).toEqual([]);
});
