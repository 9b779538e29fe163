/** Files written whole, through links, and never over what is no file or is read. */

import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FileError, UsageError } from '../errors.ts';
import { checkOutput, MAX_TEXT_BYTES, readText, writeBytes } from '../files.ts';
import { temporaryFolder } from './temporary.ts';

const folder = temporaryFolder();
const at = (...names: string[]): string => join(folder.path, ...names);

describe('writeBytes', () => {
  it('writes through links, to files that are there and files that are not', () => {
    const target = folder.write('target', 'old');
    symlinkSync('target', at('link'));
    writeBytes(at('link'), 'new');
    expect(lstatSync(at('link')).isSymbolicLink()).toBe(true);
    expect(readFileSync(target, 'utf8')).toBe('new');

    mkdirSync(at('inner'));
    symlinkSync('inner', at('outer'));
    symlinkSync('../absent', at('inner', 'dangling'));
    writeBytes(at('outer', 'dangling'), 'made');
    expect(lstatSync(at('inner', 'dangling')).isSymbolicLink()).toBe(true);
    expect(readFileSync(at('absent'), 'utf8')).toBe('made');
  });

  it.each([
    ['/dev/null', 'Expected a file to write but found a folder or device'],
    [at(), 'Expected a file to write but found a folder or device'],
    [at('no', 'such', 'file'), 'Expected a writable place. ENOENT'],
    [at('plain', 'file'), 'Expected a writable place. ENOTDIR'],
    [at('x'.repeat(300)), 'Expected a writable place. ENAMETOOLONG'],
    [at('loop'), 'Expected a writable place. ELOOP'],
  ])('refuses %s and leaves nothing', (path, text) => {
    folder.write('plain', '');
    if (!readdirSync(at()).includes('loop')) symlinkSync('loop', at('loop'));
    expect(() => {
      writeBytes(path, 'data');
    }).toThrow(new RegExp(`^${path}: ${text}`));
    expect(readdirSync(at()).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    expect(lstatSync('/dev/null').isCharacterDevice()).toBe(true);
  });
});

describe('checkOutput', () => {
  const input = folder.write('input', 'data');

  it('refuses an input by any name', () => {
    symlinkSync('input', at('soft'));
    linkSync(input, at('hard'));
    for (const path of [input, at('soft'), at('hard')]) {
      const check = (): void => {
        checkOutput(path, [at('other'), input]);
      };
      expect(check).toThrow(UsageError);
      expect(check).toThrow(`${path}: Expected a file to write other than the input ${input}`);
    }
    expect(existsSync(at('other'))).toBe(false);
    checkOutput(at('other'), [input]);
  });

  it('refuses a place that cannot be written', () => {
    expect(() => {
      checkOutput(at('no', 'file'), []);
    }).toThrow(`${at('no', 'file')}: Expected a writable place. ENOENT`);
    expect(() => {
      checkOutput(at(), []);
    }).toThrow('Expected a file to write but found a folder or device');
  });
});

describe('readText', () => {
  it('reads text up to a limit', () => {
    expect(readText(folder.write('text', 'Käse\n'))).toBe('Käse\n');
    const large = folder.write('large', Buffer.alloc(MAX_TEXT_BYTES + 1));
    expect(() => readText(large)).toThrow(FileError);
    expect(() => readText(large)).toThrow('Expected at most 16777216 bytes but found 16777217');
  });
});
