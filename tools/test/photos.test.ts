/** Folders of photos: names of labels, links, and what is no photo. */

import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FileError, UsageError } from '../errors.ts';
import { listLabelledPhotos, listPhotos } from '../evaluation/photos.ts';
import { temporaryFolder } from './temporary.ts';

const folder = temporaryFolder();
let count = 0;

/** A new folder with empty files at these paths. */
function tree(...paths: readonly string[]): string {
  const root = `tree${String(count++)}`;
  for (const path of paths) {
    mkdirSync(join(folder.path, root, path, '..'), { recursive: true });
    folder.write(join(root, path), '');
  }
  return join(folder.path, root);
}

const labelsOf = (root: string, labels: readonly string[]): readonly number[] =>
  listLabelledPhotos(root, labels).map(({ label }) => label);

describe('labels', () => {
  it.each([
    ['English_springer', 'English springer'],
    ['ENGLISH-SPRINGER', 'English springer'],
    ['猫', '猫'],
    ['e\u0301clair', '\u00e9clair'],
    ['STRASSE', 'Straße'],
    ['ΟΔΟΣ', 'οδος'],
    ['C++', 'c++'],
  ])('folder %s is label %s', (name, label) => {
    expect(labelsOf(tree(`${name}/a.jpg`), ['狗', 'C', label, 'C#'])).toEqual([2]);
  });

  it('differ by any other sign', () => {
    expect(labelsOf(tree('C/a.png', 'C#/a.png', 'C++/a.png'), ['C', 'C++', 'C#'])).toEqual([
      0, 2, 1,
    ]);
  });

  it('that a folder cannot tell apart are both named', () => {
    const list = (): unknown => labelsOf(tree('crane/a.jpg'), ['Crane', 'tench', 'crane']);
    expect(list).toThrow(UsageError);
    expect(list).toThrow('Expected folder "crane" to name one label but found "Crane" and "crane"');
    expect(labelsOf(tree('tench/a.jpg'), ['Crane', 'tench', 'crane'])).toEqual([1]);
  });

  it('are told, but not a thousand of them', () => {
    const labels = Array.from({ length: 1000 }, (_, i) => `l${String(i)}`);
    expect(() => labelsOf(tree('x/a.jpg'), labels)).toThrow(
      /\(l0, .*, l19, \.\.\.\) but found "x"/,
    );
  });
});

describe('links', () => {
  it('to photos and folders are followed', () => {
    const root = tree('a/one.jpg', 'other/two.jpg');
    symlinkSync('one.jpg', join(root, 'a', 'link.jpg'));
    symlinkSync(join(root, 'other'), join(root, 'b'));
    expect(listPhotos(root)).toEqual(
      ['a/link.jpg', 'a/one.jpg', 'b/two.jpg', 'other/two.jpg'].map((path) => join(root, path)),
    );
    expect(labelsOf(root, ['a', 'b', 'other'])).toEqual([0, 0, 1, 2]);
  });

  it('that lead back or nowhere are refused', () => {
    const back = tree('a/one.jpg');
    symlinkSync('..', join(back, 'a', 'b'));
    expect(() => listPhotos(back)).toThrow(
      `${join(back, 'a', 'b')}: Expected photos but found a link to a folder that it is in`,
    );
    const root = tree('a/one.jpg');
    symlinkSync('/', join(root, 'b'));
    expect(() => listPhotos(root)).toThrow('Expected photos but found a link to a folder');
    const nowhere = tree('a/one.jpg');
    symlinkSync('absent', join(nowhere, 'b'));
    expect(() => listPhotos(nowhere)).toThrow(
      `${join(nowhere, 'b')}: Expected a readable file or folder. ENOENT`,
    );
    const loop = tree('a/one.jpg');
    symlinkSync('loop.jpg', join(loop, 'a', 'loop.jpg'));
    expect(() => listPhotos(loop)).toThrow('Expected a readable file or folder. ELOOP');
  });
});

describe('what is no photo', () => {
  it('counts for nothing, unless it is named like one', () => {
    const root = tree('a/one.jpg', 'a/notes.txt', 'a/deep.jpg/two.jpg', 'list.csv');
    expect(listPhotos(root)).toEqual([join(root, 'a', 'one.jpg')]);
    const pipe = join(root, 'a', 'pipe.png');
    spawnSync('mkfifo', [pipe]);
    expect(() => listPhotos(root)).toThrow(`${pipe}: Expected a file but found a device or pipe`);
  });

  it('is refused where nothing else is', () => {
    expect(() => listPhotos(tree('notes.txt'))).toThrow(FileError);
    expect(() => listPhotos(tree('notes.txt'))).toThrow(
      'Expected JPEG, PNG or WebP files but found none',
    );
    expect(() => labelsOf(tree('one.jpg'), ['a'])).toThrow(
      'Expected one folder per label with photos but found none',
    );
  });
});
