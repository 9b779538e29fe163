/** Labelled photos: a folder of folders, each named after a label. Links are followed. */

import { readdirSync, realpathSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { FileError, messageOf, UsageError } from '../errors.ts';

export interface LabelledPhoto {
  readonly path: string;
  /** Index into the model's labels. */
  readonly label: number;
}

const IMAGE = /\.(jpe?g|png|webp)$/i;

/**
 * The image files under a folder, sorted, at most one folder deep.
 *
 * @throws {FileError} for a folder without photos, and for what is named like one and is no file
 */
export function listPhotos(folder: string): readonly string[] {
  const photos = list(folder).flatMap((entry) =>
    entry.kind === 'folder' ? list(entry.path).filter(isPhoto) : isPhoto(entry) ? [entry] : [],
  );
  if (photos.length === 0)
    throw new FileError(folder, 'Expected JPEG, PNG or WebP files but found none');
  return photos.map(({ path }) => path);
}

/**
 * The photos of each label's folder. A folder's name is the label in upper or lower case, composed or decomposed
 * Unicode, with spaces, underscores or hyphens between words.
 *
 * @throws {FileError} for a folder without labelled photos
 * @throws {UsageError} for a folder that names no label, or more than one
 */
export function listLabelledPhotos(
  folder: string,
  labels: readonly string[],
): readonly LabelledPhoto[] {
  const folders = list(folder).filter((entry) => entry.kind === 'folder');
  if (folders.length === 0) {
    throw new FileError(folder, 'Expected one folder per label with photos but found none');
  }
  return folders.flatMap(({ name, path }) => {
    const label = labelOf(folder, name, labels);
    return listPhotos(path).map((photo) => ({ path: photo, label }));
  });
}

/** A text with every label would be no clear one. */
const MAX_LABELS_TOLD = 20;

function labelOf(folder: string, name: string, labels: readonly string[]): number {
  const wanted = comparable(name);
  const [first, second] = labels.flatMap((label, i) => (comparable(label) === wanted ? [i] : []));
  if (first === undefined) {
    const more = labels.length > MAX_LABELS_TOLD ? ', ...' : '';
    throw new UsageError(
      `${folder}: Expected folders named after labels (${labels.slice(0, MAX_LABELS_TOLD).join(', ')}${more}) but found "${name}"`,
    );
  }
  if (second !== undefined) {
    throw new UsageError(
      `${folder}: Expected folder "${name}" to name one label but found "${labels[first] ?? ''}" and "${labels[second] ?? ''}"`,
    );
  }
  return first;
}

/** Upper case is the case that folds: "ß" is "SS", and both small sigmas are one capital. */
function comparable(name: string): string {
  return name
    .normalize('NFC')
    .toUpperCase()
    .normalize('NFC')
    .replaceAll(/[\s_-]+/g, ' ');
}

interface Entry {
  readonly name: string;
  readonly path: string;
  readonly kind: 'file' | 'folder' | 'other';
}

function isPhoto({ name, path, kind }: Entry): boolean {
  if (!IMAGE.test(name) || kind === 'folder') return false;
  if (kind === 'file') return true;
  throw new FileError(path, 'Expected a file but found a device or pipe');
}

/** What is in a folder, links followed, sorted. */
function list(folder: string): readonly Entry[] {
  let names: readonly string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    throw new FileError(folder, `Expected a folder of photos. ${messageOf(error)}`, {
      cause: error,
    });
  }
  return names.toSorted((a, b) => (a < b ? -1 : 1)).map((name) => entryOf(folder, name));
}

function entryOf(folder: string, name: string): Entry {
  const path = join(folder, name);
  try {
    const stats = statSync(path);
    if (stats.isFile()) return { name, path, kind: 'file' };
    if (!stats.isDirectory()) return { name, path, kind: 'other' };
    const up = relative(realpathSync(path), realpathSync(folder));
    if (up.startsWith('..')) return { name, path, kind: 'folder' };
  } catch (error) {
    throw new FileError(path, `Expected a readable file or folder. ${messageOf(error)}`, {
      cause: error,
    });
  }
  throw new FileError(path, 'Expected photos but found a link to a folder that it is in');
}
