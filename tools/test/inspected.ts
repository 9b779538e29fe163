/** What tests of `inspect` look at. */

import type { Graph } from '../../reference/index.ts';
import type { Inspection } from '../inspect/index.ts';
import { smallNetwork } from './small-networks.ts';

export const int8 = smallNetwork('int8');
export const all = { time: true, sensitivity: true, count: 2 };
export const structureAlone = { time: false, sensitivity: false, count: 1 };
export const hostile = `</style><script>alert(1)</script>" onload='x' &amp;\u202e\u0000`;

/** The network with texts of someone else's in every place of one. */
export const hostileNetwork: Graph = {
  ...int8,
  name: `net ${hostile}`,
  labels: [hostile, 'dog', 'eel'],
  provenance: { [hostile]: hostile },
  tensors: int8.tensors.map((tensor) => ({ ...tensor, name: `${tensor.name} ${hostile}` })),
  operators: int8.operators.map((each) => ({ ...each, name: `${each.name} ${hostile}` })),
};

export const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

export function weightedOf({ operators }: Inspection) {
  return operators.flatMap((layer) =>
    layer.weights === undefined ? [] : [{ layer, weights: layer.weights }],
  );
}
