/** The reference against every published golden case, element by element. */

import { describe, expect, it } from 'vitest';
import { readVectors, runVector, vectorFiles } from './shared/cmsis-nn.ts';
import { sharedDataPresent } from './shared/folder.ts';

const present = sharedDataPresent('vectors', '29 published golden cases in 13 files');

describe('published vectors of CMSIS-NN', () => {
  it.skipIf(!present)('are all there: 29 cases', () => {
    expect(vectorFiles.flatMap((file) => readVectors(file))).toHaveLength(29);
  });

  for (const file of vectorFiles) {
    const cases = present ? readVectors(file) : [];
    it.each(cases.map((vector) => [vector.name, vector] as const))(
      `${file} %s`,
      (_name, vector) => {
        const { result, expected } = runVector(file, vector);
        expect(result.data).toEqual(expected);
      },
    );
  }
});
