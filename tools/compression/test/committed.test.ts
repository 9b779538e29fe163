/** The compressed models under golden/compressed. */

import { describe, expect, it } from 'vitest';
import { encodeContainer } from '../../../fastpath/container/index.ts';
import { loadModel, packagePath } from '../../models.ts';
import { float32Bytes } from '../size.ts';

describe('a committed container', () => {
  it.each([
    ['small', 9],
    ['small', 12],
    ['large', 11],
    ['large', 31],
  ] as const)('of %s is 1/%i of float32, and a graph like the int8 one', (name, ratio) => {
    const file = `${name}.${String(ratio)}.container`;
    const graph = loadModel({ model: packagePath('golden', 'compressed', file) });
    const int8 = loadModel({ model: name, precision: 'int8' });
    expect(Math.round(float32Bytes(int8) / encodeContainer(graph).sizes.bytes)).toBe(ratio);
    expect(graph.operators).toEqual(int8.operators);
    expect(graph.labels).toEqual(int8.labels);
    expect(graph.preprocessing).toEqual(int8.preprocessing);
  });
});
