/** The compressed models under golden/compressed. */

import { describe, expect, it } from 'vitest';
import { encodeContainer } from '../../../fastpath/container/index.ts';
import { loadModel, packagePath } from '../../models.ts';
import { float32Bytes } from '../size.ts';

describe('a committed container', () => {
  it.each([
    ['small', 8],
    ['small', 10],
    ['large', 10],
    ['large', 30],
  ] as const)(
    'of %s is less than 1/%i of float32, and a graph like the int8 one',
    (name, ratio) => {
      const file = `${name}.${String(ratio)}.container`;
      const graph = loadModel({ model: packagePath('golden', 'compressed', file) });
      const int8 = loadModel({ model: name, precision: 'int8' });
      expect(encodeContainer(graph).sizes.bytes).toBeLessThan(float32Bytes(int8) / ratio);
      expect(graph.operators).toEqual(int8.operators);
      expect(graph.labels).toEqual(int8.labels);
      expect(graph.preprocessing).toEqual(int8.preprocessing);
    },
  );
});
