/** What `classify --verify` tells. */

import { describe, expect, it } from 'vitest';
import { noiseImage } from '../../conformance/arbitrary-networks.ts';
import { classifiers } from '../classifiers.ts';
import { equalsGroundTruth } from '../ground-truth.ts';
import { bestKernels } from '../kernels.ts';
import { loadModel, precisionNames } from '../models.ts';

const { variant } = await bestKernels();

describe.each(precisionNames)('equals ground truth, %s', (precision) => {
  const graph = loadModel({ model: 'small', precision });
  const image = noiseImage(130, 1);

  it.each(['fastpath', 'reference'] as const)('as the %s does', async (name) => {
    const found = (await classifiers[name](graph)).classify(image);
    // In float32, the reference ends with other numbers.
    const wanted = name === 'fastpath' || precision !== 'float32';
    expect(await equalsGroundTruth(graph, image, variant, found)).toBe(wanted);
  });

  it('no more with one element of the input or one probability off', async () => {
    const found = (await classifiers.fastpath(graph)).classify(image);
    const input = found.input.slice();
    input[5000] = Number(input[5000]) === 0 ? 1 : 0;
    expect(await equalsGroundTruth(graph, image, variant, { ...found, input })).toBe(false);
    const probabilities = found.probabilities.map((p, i) => (i === 1 ? p + 2 ** -20 : p));
    expect(await equalsGroundTruth(graph, image, variant, { ...found, probabilities })).toBe(false);
  });
});
