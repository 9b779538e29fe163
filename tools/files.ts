/** Reading and writing whole files, with errors that name them. */

import { createHash } from 'node:crypto';
import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { FileError, messageOf } from './errors.ts';

/** Larger than any MobileNetV2, smaller than what would exhaust a machine. */
export const MAX_MODEL_BYTES = 512 * 2 ** 20;

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
 * Writes a file whole or not at all: into a temporary file beside it, which is then renamed.
 *
 * @throws {FileError} where it cannot be written
 */
export function writeBytes(path: string, data: Uint8Array | string): void {
  const temporary = `${path}.${String(process.pid)}.tmp`;
  try {
    writeFileSync(temporary, data);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw new FileError(path, `Expected a writable place. ${messageOf(error)}`, { cause: error });
  }
}

/** The SHA-256 of bytes, as hexadecimal digits. */
export function sha256(data: Uint8Array | string): string {
  return createHash('sha256').update(data).digest('hex');
}
