/** The precisions by name, and which of them an operator has. */

import type { PrecisionName } from '../graph/graph.ts';
import type { ElementType } from '../graph/element-type.ts';
import type { Operator } from '../graph/operator.ts';
import { float32 } from './float32.ts';
import { int16, int16WithInt32Accumulator } from './int16.ts';
import { int8 } from './int8.ts';
import type { Precision } from './precision.ts';

export type { Precision };

export const precisions: Readonly<Record<PrecisionName, Precision>> = { float32, int8, int16 };

/**
 * The precision an operator computes in, by the type of its first input. uint8 codes, which only quantize, dequantize
 * and reshape take, are rescaled like int8.
 */
export function computedPrecision(operator: Operator, type: ElementType): Precision {
  if (type === 'float32') return float32;
  if (type !== 'int16') return int8;
  const attributes: object = operator.attributes;
  const { accumulator }: { readonly accumulator?: string } = attributes;
  return accumulator === 'int32' ? int16WithInt32Accumulator : int16;
}
