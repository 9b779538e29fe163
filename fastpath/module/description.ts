/** What a compiled model's module says of itself: the JSON that its export `describe` points at. */

import * as z from 'zod/mini';

const extent = z.int32().check(z.positive());
const address = z.int32().check(z.nonnegative());
const triple = z.tuple([z.number(), z.number(), z.number()]);

const tensor = z.strictObject({
  name: z.string(),
  type: z.enum(['float32', 'int16', 'int8', 'uint8']),
  /** Outermost first; images are [1, height, width, 3]. */
  shape: z.array(extent),
  /** real = scale * (code - zeroPoint); absent for float32 and where only integers are known. */
  scale: z.optional(z.number().check(z.positive())),
  zeroPoint: z.optional(z.int32()),
  address,
  /** Elements from one pixel (all axes but the last) to the next: those between are arbitrary. */
  stride: extent,
  /** From the first element to the last, gaps included. */
  bytes: address,
});

/** How an image becomes the input: `Preprocessing` of reference/graph/graph.ts. */
const preprocessing = z.strictObject({
  resize: z.enum(['squash', 'cover']),
  crop: z.optional(z.number().check(z.minimum(0.1), z.maximum(1))),
  channels: z.enum(['rgb', 'bgr']),
  mean: triple,
  std: triple,
  integer: z.optional(z.strictObject({ multiplier: z.number(), offset: z.number() })),
});

/** The schema of the description, for hosts that check it. */
export const moduleDescription = z.strictObject({
  format: z.literal('plumbline module'),
  version: z.literal(1),
  name: z.string(),
  precision: z.enum(['float32', 'int16', 'int8']),
  /** What the engine needs beyond WebAssembly 1.0. */
  features: z.array(z.enum(['bulk-memory', 'simd128', 'relaxed-simd'])),
  input: tensor,
  output: tensor,
  preprocessing: z.optional(preprocessing),
  /** One per class, in the order of the output's last axis, or none. */
  labels: z.array(z.string()),
  /** Of memory: steps, weights and other constants; activations; all of it, in whole pages. It never grows. */
  bytes: z.strictObject({ constants: address, arena: address, memory: address }),
});

export type ModuleDescription = z.infer<typeof moduleDescription>;
