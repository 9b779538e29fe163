/** A graph as a TensorFlow Lite file that says what its input and its classes are, as published ones do. */

import type { Graph } from '../../../reference/index.ts';
import { UnsupportedError } from '../../../fastpath/compile/errors.ts';
import { metadataSchema } from './schema.ts';
import { writeTflite } from './write.ts';
import { withFile, writeMetadata } from './write-metadata.ts';

const LABELS_FILE = 'labels.txt';

/**
 * The file of a valid graph, with labels, mean, std and the order of channels as far as metadata can say them: they know
 * no resize, no BGR, and no integers of an image but those that (pixel - mean) / std is quantised to.
 *
 * @throws {UnsupportedError} for what the format cannot say, and labels that are not one line each
 */
export function writeDescribedTflite(graph: Graph): Uint8Array {
  const { labels, preprocessing } = graph;
  const bad = labels.find((label) => label === '' || /[\r\n]/.test(label));
  if (bad !== undefined) {
    throw new UnsupportedError(`Expected labels of a line each but found ${JSON.stringify(bad)}`);
  }
  const normalized = preprocessing?.integer === undefined ? preprocessing : undefined;
  const metadata = writeMetadata({
    ...(preprocessing?.channels === 'rgb' ? { colorSpace: metadataSchema.rgb } : {}),
    ...(normalized === undefined ? {} : { mean: normalized.mean, std: normalized.std }),
    ...(labels.length === 0 ? {} : { labels: LABELS_FILE }),
  });
  const { bytes } = writeTflite(graph, { metadata });
  return labels.length === 0 ? bytes : withFile(bytes, LABELS_FILE, `${labels.join('\n')}\n`);
}
