/**
 * Every rule a graph must obey, with the text of its error. The texts show what was wanted and what was found.
 */

import { GraphError } from '../errors.ts';

const list = (values: readonly unknown[]): string => `[${values.join(', ')}]`;

export const rules = {
  // The graph as a whole
  'graph-inputs': () => 'Expected at least one input and one output',
  'graph-input-constant': () => 'Expected an input of the graph to have no constant data',
  'graph-work': (found: number, limit: number) =>
    `Expected at most ${String(limit)} multiply-accumulates but found ${String(found)}`,
  'graph-memory': (found: number, limit: number) =>
    `Expected at most ${String(limit)} activation elements in all but found ${String(found)}`,
  'graph-labels': (classes: number, found: number) =>
    `Expected as many labels as classes, ${String(classes)}, but found ${String(found)}`,
  'graph-precision': (found: unknown) =>
    `Expected precision float32, int8 or int16 but found ${String(found)}`,
  preprocessing: (wanted: string, found: unknown) =>
    `Expected preprocessing with ${wanted} but found ${String(found)}`,

  // Tensors
  'tensor-index': (count: number, found: unknown) =>
    `Expected the index of one of ${String(count)} tensors but found ${String(found)}`,
  'tensor-name': () => 'Expected tensor names to be unique but found this one twice',
  'tensor-type': (found: unknown) => `Expected a known element type but found ${String(found)}`,
  'tensor-shape': (found: readonly unknown[]) =>
    `Expected every extent to be an integer greater than 0 but found ${list(found)}`,
  'tensor-size': (limit: number, found: readonly number[]) =>
    `Expected at most ${String(limit)} elements but found shape ${list(found)}`,
  'tensor-data': (wanted: string, found: string) =>
    `Expected constant data of ${wanted} but found ${found}`,
  'tensor-finite': (index: number, found: unknown) =>
    `Expected finite constants but found ${String(found)} at element ${String(index)}`,

  // Quantisation
  'scale-positive': (found: unknown) =>
    `Expected every scale to be positive and finite but found ${String(found)}`,
  'scale-float32': (found: unknown) =>
    `Expected every scale to be a float32 number but found ${String(found)}`,
  'scale-count': (wanted: string, found: number) =>
    `Expected ${wanted} but found ${String(found)} scales`,
  'scale-factor': (found: number) =>
    `Expected scales that give a finite factor but found ${String(found)}`,
  'scale-missing': () => 'Expected a scale, or ready-made integers on the operator, but found none',
  'zero-point': (min: number, max: number, found: unknown) =>
    `Expected a zero point that is an integer in [${String(min)}, ${String(max)}] but found ${String(found)}`,
  'weights-int16': () => 'Expected int16 weights in [-32767, 32767] but found -32768',
  'bias-scale': (wanted: number, found: number) =>
    `Expected the bias scale to be input scale times weight scale, ${String(wanted)}, but found ${String(found)}`,
  'same-quantization': () =>
    'Expected input and output to have the same scale and zero point but they differ',
  'softmax-output': (scale: number, zeroPoint: number) =>
    `Expected an output scale of ${String(scale)} and zero point ${String(zeroPoint)}`,

  // Operators
  'operator-kind': (found: unknown) => `Expected a known operator but found ${String(found)}`,
  'operator-name': () => 'Expected operator names to be unique but found this one twice',
  'operator-source': (found: unknown) =>
    `Expected the index of an operator in its file but found ${String(found)}`,
  'operator-inputs': (wanted: string, found: number) =>
    `Expected ${wanted} but found ${String(found)}`,
  'operator-attribute': (attribute: string, wanted: string, found: string) =>
    `Expected ${attribute} to be ${wanted} but found ${found}`,
  'attribute-unknown': (found: string) => `Expected only known attributes but found ${found}`,
  'add-power-of-two-scales': () =>
    'Expected an add with the general int16 arithmetic but found pot_scale_int16, which is other arithmetic',
  'operator-type': (what: string, wanted: string, found: string) =>
    `Expected ${what} of type ${wanted} but found ${found}`,
  'operator-constant': (what: string) =>
    `Expected ${what} to be constant but found a computed tensor`,
  'operator-order': (tensor: string) =>
    `Expected tensor "${tensor}" to be computed before it is used, but it is computed later, in a cycle or not at all`,
  'operator-output': (tensor: string) =>
    `Expected tensor "${tensor}" to be written once and by this operator alone`,

  // Shapes
  'shape-rank': (what: string, wanted: number, found: readonly number[]) =>
    `Expected ${what} to have ${String(wanted)} axes but found ${list(found)}`,
  'shape-equal': (what: string, wanted: readonly number[], found: readonly number[]) =>
    `Expected ${what} of shape ${list(wanted)} but found ${list(found)}`,
  'shape-channels': (wanted: string, found: string) =>
    `Expected weights for ${wanted} but found ${found}`,
  'shape-groups': (groups: number, channels: number) =>
    `Expected channels in multiples of ${String(groups)} groups but found ${String(channels)}`,
  'shape-window': (what: string, found: number) =>
    `Expected the padded input to hold the window at least once along ${what} but found ${String(found)} positions`,
  'shape-elements': (wanted: string, found: readonly number[]) =>
    `Expected ${wanted} but found shape ${list(found)}`,
  'pool-empty-window': (axis: string, position: number) =>
    `Expected every window to have a position inside the image but found none at ${axis} ${String(position)}`,

  // Integers and ranges
  'integers-count': (wanted: string, multipliers: number, shifts: number) =>
    `Expected ${wanted} but found ${String(multipliers)} multipliers and ${String(shifts)} shifts`,
  'multiplier-range': (found: unknown) =>
    `Expected a multiplier that is an integer in [0, 2^31) but found ${String(found)}`,
  'shift-range': (min: number, max: number, found: unknown) =>
    `Expected a shift that is an integer in [${String(min)}, ${String(max)}] but found ${String(found)}`,
  'activation-limits': (min: unknown, max: unknown, type: string) =>
    `Expected activation limits in order within ${type} but found [${String(min)}, ${String(max)}]`,
  'add-factor': (found: number) =>
    `Expected the output factor of an add to be below 1 but found shift ${String(found)}`,
  'range-int32': (channel: number, found: number) =>
    `Expected channel ${String(channel)} to stay below 2^31 in its int32 accumulator but found a bound of ${String(found)}`,
  'range-int64': (channel: number, found: number) =>
    `Expected channel ${String(channel)} to stay below 2^47 in its int64 accumulator but found a bound of ${String(found)}`,
  'range-result': (channel: number, found: number) =>
    `Expected the rescaled channel ${String(channel)} and its zero point to stay below 2^31 but found a bound of ${String(found)}`,
  'range-rescale': (what: string, found: number) =>
    `Expected ${what} to stay below 2^31 but found a bound of ${String(found)}`,
  'range-softmax': (limit: number, found: number) =>
    `Expected a softmax over at most ${String(limit)} elements but found ${String(found)}`,
} as const;

export type Rule = keyof typeof rules;

/** Throws the `GraphError` of a rule. */
export function refuse<R extends Rule>(
  rule: R,
  subject: string,
  ...details: Parameters<(typeof rules)[R]>
): never {
  const text = rules[rule] as (...values: Parameters<(typeof rules)[R]>) => string;
  throw new GraphError(rule, subject, text(...details));
}
