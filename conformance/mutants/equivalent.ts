/**
 * The mutants that are proven to compute the same as the kernels.
 *
 * Names are those of fastpath/assembly; `Step` and its fields those of fastpath/assembly/step.ts, 4 bytes each.
 */

import type { Equivalence } from './equivalence.ts';
import { equivalentElementwise } from './equivalent-elementwise.ts';
import { equivalentResize } from './equivalent-resize.ts';
import { equivalentSoftmax } from './equivalent-softmax.ts';
import { equivalentSums } from './equivalent-sums.ts';

export const equivalences: readonly Equivalence[] = [
  ...equivalentElementwise,
  ...equivalentSums,
  ...equivalentSoftmax,
  ...equivalentResize,
];
