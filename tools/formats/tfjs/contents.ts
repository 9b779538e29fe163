/**
 * What a TensorFlow.js model holds: `model.json`, of a graph or of layers, and the weights files beside it
 * (github tensorflow/tfjs, tfjs-core/src/io/types.ts, tensorflow/tensorflow core/framework/{graph,attr_value}.proto).
 */

import * as z from 'zod';
import { FileError, issueOf, messageOf } from '../../errors.ts';
import { parseJson } from './json.ts';
import { layersToNodes } from './layers.ts';
import { decodeWeights, type Weight } from './weights.ts';

const MAX_NAME = 1000;
const MAX_NODES = 10_000;
const MAX_ITEMS = 1000;

const name = z
  .string()
  .max(MAX_NAME, { error: `expected at most ${String(MAX_NAME)} characters` })
  .refine((text) => !/\p{Cc}/u.test(text), { error: 'expected no control characters' });

/** A list whose length is checked before its items, every one of which may give an error. */
function list<T extends z.ZodType>(item: T, limit: number) {
  return z
    .array(z.unknown())
    .max(limit, { error: `expected at most ${String(limit)} items` })
    .pipe(z.array(item));
}

/** 64-bit integers are texts in the JSON of protocol buffers. */
const integer = z.union([
  z.number(),
  z
    .string()
    .regex(/^-?\d{1,15}$/)
    .transform(Number),
]);
const shape = list(z.number().int().nonnegative(), 16);

const weight = z.object({
  name,
  shape,
  dtype: name,
  quantization: z
    .object({
      dtype: name,
      scale: z.number().optional(),
      min: z.number().optional(),
    })
    .optional(),
});

const dimensions = z.object({ dim: list(z.object({ size: integer.optional() }), 16).optional() });
const attribute = z.object({
  s: z.string().max(MAX_NAME).optional(),
  i: integer.optional(),
  f: z.number().optional(),
  b: z.boolean().optional(),
  type: z.union([name, z.number()]).optional(),
  shape: dimensions.optional(),
  list: z
    .object({
      s: list(z.string().max(MAX_NAME), MAX_ITEMS).optional(),
      i: list(integer, MAX_ITEMS).optional(),
    })
    .optional(),
});

const node = z.object({
  name,
  op: name,
  input: list(name, MAX_ITEMS).optional(),
  attr: z.record(name, attribute).optional(),
});

const modelJson = z.object({
  format: z.string().optional(),
  modelTopology: z.unknown(),
  weightsManifest: list(z.object({ paths: list(name, MAX_NODES), weights: z.unknown() }), 1000),
  signature: z
    .object({
      outputs: z.record(name, z.object({ name }).loose()).optional(),
    })
    .loose()
    .nullish(),
});
const graphDef = z.object({ node: list(node, MAX_NODES) });

export type TfjsStoredNode = z.infer<typeof node>;
export type TfjsAttributes = NonNullable<TfjsStoredNode['attr']>;

export interface TfjsContents {
  /** Each with the index of the node or layer in the file that it stands for. */
  readonly nodes: readonly (TfjsStoredNode & { readonly source: number })[];
  readonly weights: ReadonlyMap<string, Weight>;
  /** The nodes that the model names as outputs, or none. */
  readonly outputs: readonly string[];
}

/**
 * The contents of a model. `file` names it in errors, `open` gives the bytes of a weights file by its name.
 *
 * @throws {FileError} for bytes that are no model, or weights that are not what it says
 */
export function decodeTfjs(
  file: string,
  bytes: Uint8Array,
  open: (name: string) => Uint8Array,
): TfjsContents {
  const model = parse(file, modelJson, json(file, bytes));
  const manifest = model.weightsManifest.map(({ paths, weights }) => ({
    paths,
    weights: parse(file, list(weight, MAX_NODES), weights),
  }));
  if (hasLayers(model.modelTopology)) {
    const weights = decodeWeights(file, manifest, open);
    return layersToNodes(file, model.modelTopology, weights);
  }
  const { node: nodes } = parse(file, graphDef, model.modelTopology);
  return {
    nodes: nodes.map((each, source) => ({ ...each, source })),
    weights: decodeWeights(file, manifest, open),
    outputs: Object.values(model.signature?.outputs ?? {}).map((output) => output.name),
  };
}

function json(file: string, bytes: Uint8Array): unknown {
  try {
    return parseJson(bytes);
  } catch (error) {
    throw new FileError(file, `Expected a TensorFlow.js model. ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function parse<T>(file: string, schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new FileError(file, `Expected a TensorFlow.js model. ${issueOf(result.error)}`);
}

const layers = z.object({ model_config: z.unknown().optional() });

function hasLayers(topology: unknown): boolean {
  const parsed = layers.safeParse(topology);
  return parsed.success && parsed.data.model_config !== undefined;
}
