/** What holds for every page: it is well formed, and needs and lets in nothing from elsewhere. */

import { createHash } from 'node:crypto';
import { expect } from 'vitest';

/** Holds that the page allows its own style alone, and gives what its links lead to; those within it lead somewhere. */
export function expectNothingFromElsewhere(page: string): readonly string[] {
  const [, style = ''] = /<style>([^]*?)<\/style>/.exec(page) ?? [];
  const digest = createHash('sha256').update(style).digest('base64');
  expect(page.replaceAll('&#39;', "'")).toContain(
    `content="default-src 'none'; style-src 'sha256-${digest}'; base-uri 'none'; form-action 'none'"`,
  );
  expect(style).not.toMatch(/url\(|@import/);
  expect(page).not.toMatch(/<script|<link|<img|<iframe|\sstyle=|\son\w+="/i);
  const targets = Array.from(page.matchAll(/(?:href|src)="([^"]*)"/g), ([, target = '']) => target);
  for (const target of targets.filter((to) => to.startsWith('#'))) {
    expect(page).toContain(`id="${target.slice(1)}"`);
  }
  return targets;
}

/** Holds that every element is closed, and each id is there once. */
export function expectWellFormed(page: string): void {
  const open: string[] = [];
  const outside = page.replace(/<style>[^]*?<\/style>/, '');
  for (const [, close, name = '', rest = ''] of outside.matchAll(/<(\/?)([a-z]\w*)([^>]*)>/g)) {
    if (close === '/') expect(open.pop()).toBe(name);
    else if (name !== 'meta' && !rest.endsWith('/')) open.push(name);
  }
  expect(open).toEqual([]);
  const ids = Array.from(page.matchAll(/ id="([^"]*)"/g), ([, id]) => id);
  expect(new Set(ids).size).toBe(ids.length);
}
