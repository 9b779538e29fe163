/** Reading and writing whole files, with errors that name them. */

import { createHash, randomUUID } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { FileError, messageOf, UsageError } from './errors.ts';

/** MobileNetV2 of width 1.4 takes 24 MB, of width 1 with 21,841 classes 121 MB; reading takes several times as much. */
export const MAX_MODEL_BYTES = 128 * 2 ** 20;

/** Larger than any list of labels and any calibration record. */
export const MAX_TEXT_BYTES = 16 * 2 ** 20;

/**
 * A file's bytes.
 *
 * @throws {FileError} for a file that cannot be read, or one larger than `limit` bytes
 */
export function readBytes(path: string, limit = MAX_MODEL_BYTES): Uint8Array {
  try {
    const stats = statSync(path);
    if (!stats.isFile()) throw new FileError(path, 'Expected a file but found a folder or device');
    if (stats.size > limit) {
      throw new FileError(
        path,
        `Expected at most ${String(limit)} bytes but found ${String(stats.size)}`,
      );
    }
    return readFileSync(path);
  } catch (error) {
    if (error instanceof FileError) throw error;
    throw new FileError(path, `Expected a readable file. ${messageOf(error)}`, { cause: error });
  }
}

/**
 * A text file in UTF-8.
 *
 * @throws {FileError} for a file that cannot be read, or one larger than `MAX_TEXT_BYTES`
 */
export function readText(path: string): string {
  return Buffer.from(readBytes(path, MAX_TEXT_BYTES)).toString('utf8');
}

/** The lines of a list such as one of labels, without empty ones. */
export function linesOf(text: string): readonly string[] {
  return text.split(/\r?\n/).filter((line) => line !== '');
}

/**
 * Writes a file whole or not at all: into a temporary file beside it, which is then renamed. A link stays, and the file
 * that it leads to is written.
 *
 * @throws {FileError} where it cannot be written, or is there and no file
 */
export function writeBytes(path: string, data: Uint8Array | string): void {
  const target = targetOf(path);
  const temporary = join(dirname(target), `.${randomUUID()}.tmp`);
  try {
    writeFileSync(temporary, data, { flag: 'wx' });
    renameSync(temporary, target);
  } catch (error) {
    if (existsSync(temporary)) rmSync(temporary);
    throw unwritable(path, error);
  }
}

/**
 * Checks a file to write before the work whose result it takes.
 *
 * @throws {FileError} where it cannot be written, or is there and no file
 * @throws {UsageError} where it is one of the files that are read
 */
export function checkOutput(path: string, inputs: readonly string[]): void {
  const target = targetOf(path);
  try {
    if (!statSync(dirname(target)).isDirectory()) {
      throw new FileError(path, 'Expected a writable place but found a file for a folder');
    }
  } catch (error) {
    if (error instanceof FileError) throw error;
    throw unwritable(path, error);
  }
  const output = statSync(target, { throwIfNoEntry: false });
  if (output === undefined) return;
  for (const input of inputs) {
    const stats = statSync(input, { throwIfNoEntry: false });
    if (stats?.ino === output.ino && stats.dev === output.dev) {
      throw new UsageError(`${path}: Expected a file to write other than the input ${input}`);
    }
  }
}

/** What a path leads to: the file to write, whether it is there yet or not. */
function targetOf(path: string): string {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats !== undefined) {
      if (stats.isFile()) return realpathSync(path);
      throw new FileError(path, 'Expected a file to write but found a folder or device');
    }
    const link = lstatSync(path, { throwIfNoEntry: false });
    if (link === undefined) return path;
    return targetOf(resolve(realpathSync(dirname(path)), readlinkSync(path)));
  } catch (error) {
    if (error instanceof FileError) throw error;
    throw unwritable(path, error);
  }
}

function unwritable(path: string, error: unknown): FileError {
  return new FileError(path, `Expected a writable place. ${messageOf(error)}`, { cause: error });
}

/** The SHA-256 of bytes, as hexadecimal digits. */
export function sha256(data: Uint8Array | string): string {
  return createHash('sha256').update(data).digest('hex');
}
