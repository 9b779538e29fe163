/** Labelled photos: a folder of folders, each named after a label. */

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { FileError, messageOf, UsageError } from '../errors.ts';

export interface LabelledPhoto {
  readonly path: string;
  /** Index into the model's labels. */
  readonly label: number;
}

const IMAGE = /\.(jpe?g|png|webp)$/i;

/** The image files under a folder, sorted, at most one folder deep. */
export function listPhotos(folder: string): readonly string[] {
  const entries = list(folder);
  const photos: string[] = [];
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      for (const inner of list(path)) {
        if (inner.isFile() && IMAGE.test(inner.name)) photos.push(join(path, inner.name));
      }
    } else if (IMAGE.test(entry.name)) photos.push(path);
  }
  if (photos.length === 0)
    throw new FileError(folder, 'Expected JPEG, PNG or WebP files but found none');
  return photos;
}

/**
 * The photos of each label's folder. A folder's name is the label in any case, with any other signs for spaces.
 *
 * @throws {UsageError} for a folder that names no label
 */
export function listLabelledPhotos(
  folder: string,
  labels: readonly string[],
): readonly LabelledPhoto[] {
  const photos: LabelledPhoto[] = [];
  for (const entry of list(folder)) {
    if (!entry.isDirectory()) continue;
    const label = labels.findIndex((name) => plain(name) === plain(entry.name));
    if (label < 0) {
      throw new UsageError(
        `${folder}: Expected folders named after labels (${labels.join(', ')}) but found "${entry.name}"`,
      );
    }
    for (const path of listPhotos(join(folder, entry.name))) photos.push({ path, label });
  }
  if (photos.length === 0) {
    throw new FileError(folder, 'Expected one folder per label with photos but found none');
  }
  return photos;
}

function list(folder: string): ReturnType<typeof readEntries> {
  try {
    return readEntries(folder).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    throw new FileError(folder, `Expected a folder of photos. ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function readEntries(folder: string) {
  return readdirSync(folder, { withFileTypes: true });
}

function plain(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, ' ')
    .trim();
}
