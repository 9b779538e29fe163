/**
 * A TensorFlow.js graph model as a float32 graph: batch normalisation and biases folded, clamps fused, padding explicit.
 *
 * What a model does to its input before anything else, a factor and an offset for each channel, is taken into the
 * preprocessing, whose mean and deviation are those of the model's own input.
 */

import type { Graph } from '../../../reference/index.ts';
import { FileError } from '../../errors.ts';
import { GraphBuilder } from '../builder.ts';
import type { ImportOptions } from '../options.ts';
import { validGraph } from '../valid-graph.ts';
import type { TfjsContents } from './contents.ts';
import { TfjsNode } from './node.ts';
import { converters } from './operators.ts';

const PLACEHOLDER = 'Placeholder';
/** Nodes that return their input as it is. */
const IDENTITIES = ['Identity', 'StopGradient', 'Snapshot'];

/**
 * The graph of a model.
 *
 * @throws {FileError} naming the node or weight that no MobileNetV2 classifier has
 */
export function tfjsToGraph(file: string, contents: TfjsContents, options: ImportOptions): Graph {
  return validGraph(file, () => convert(file, contents, options));
}

function convert(file: string, contents: TfjsContents, options: ImportOptions): Graph {
  const nodes = nodesOf(file, contents);
  const output = outputOf(file, contents, nodes);
  const order = ordered(file, nodes, output);
  requireAll(file, contents, nodes, new Set(order), output);
  const meant = new Map<string, string>();
  const resolve = (name: string): string => meant.get(name) ?? name;
  for (const { name, op, inputs } of order) {
    if (IDENTITIES.includes(op)) meant.set(name, resolve(inputs[0] ?? ''));
  }
  const computed = order.filter(({ op }) => op !== 'Const' && !IDENTITIES.includes(op));
  const reads = computed.flatMap(({ inputs }) => inputs.map(resolve));
  const graph = new GraphBuilder([...reads, resolve(output)]);
  for (const node of computed) {
    if (node.op === PLACEHOLDER) addInput(node, graph);
    else addNode(node.resolved(resolve), graph);
  }
  const value = graph.value(resolve(output));
  if (value === undefined) throw new FileError(file, `Expected output "${output}" to be computed`);
  return {
    ...options,
    ...graph.preprocessingOf(file, options.preprocessing),
    precision: 'float32',
    ...graph.parts,
    inputs: graph.inputs,
    outputs: [value.index],
  };
}

function nodesOf(file: string, { nodes, weights }: TfjsContents): ReadonlyMap<string, TfjsNode> {
  const byName = new Map<string, TfjsNode>();
  nodes.forEach((stored) => {
    const node = new TfjsNode(file, stored, stored.source, weights);
    if (byName.has(node.name)) throw node.error('Expected names of nodes to be unique');
    byName.set(node.name, node);
  });
  return byName;
}

/** The one output that the signature names, or else the one node that nothing reads. */
function outputOf(
  file: string,
  { outputs }: TfjsContents,
  nodes: ReadonlyMap<string, TfjsNode>,
): string {
  const read = new Set([...nodes.values()].flatMap(({ inputs }) => inputs));
  const ends = [...nodes.values()].filter(({ name, op }) => op !== 'Const' && !read.has(name));
  const found = outputs.length > 0 ? outputs : ends.map(({ name }) => name);
  const [output = '', ...more] = found.map((name) => name.replace(/:0$/, ''));
  if (output === '' || more.length > 0) {
    throw new FileError(file, `Expected one output but found ${String(found.length)}`);
  }
  return output;
}

/** The nodes that an output needs, each after those that it reads. */
function ordered(
  file: string,
  nodes: ReadonlyMap<string, TfjsNode>,
  output: string,
): readonly TfjsNode[] {
  const order: TfjsNode[] = [];
  const state = new Map<string, 'open' | 'done'>();
  const stack = [output];
  for (let name = stack.at(-1); name !== undefined; name = stack.at(-1)) {
    const node = nodes.get(name);
    if (node === undefined) throw new FileError(file, `Expected a node "${name}" but found none`);
    if (state.get(name) !== undefined) {
      stack.pop();
      if (state.get(name) === 'open') order.push(node);
      state.set(name, 'done');
      continue;
    }
    state.set(name, 'open');
    for (const input of node.inputs) {
      const known = state.get(input);
      if (known === 'open') throw node.error(`Expected no circle but found one by "${input}"`);
      if (known === undefined) stack.push(input);
    }
  }
  return order;
}

/** Where no signature says which output is meant, nothing may lie beside the way to the only one there is. */
function requireAll(
  file: string,
  { outputs }: TfjsContents,
  nodes: ReadonlyMap<string, TfjsNode>,
  order: ReadonlySet<TfjsNode>,
  output: string,
): void {
  const other = [...nodes.values()].find((node) => node.op !== 'Const' && !order.has(node));
  if (outputs.length === 0 && other !== undefined) {
    throw new FileError(
      file,
      `Expected every node to lead to output "${output}" but found "${other.name}" besides`,
    );
  }
}

function addInput(node: TfjsNode, graph: GraphBuilder): void {
  const shape = node.shape('shape');
  const [batch = 0, height = 0, width = 0, channels] = shape;
  const image = shape.length === 4 && height > 0 && width > 0 && channels === 3;
  if (!image || (batch !== 1 && batch !== -1) || graph.inputs.length > 0) {
    throw node.error(
      `Expected one input, of shape [1, height, width, 3], but found [${shape.join(', ')}]`,
    );
  }
  graph.addInput(node.name, [1, height, width, 3]);
}

function addNode(node: TfjsNode, graph: GraphBuilder): void {
  const add = converters.get(node.op);
  if (add === undefined) {
    throw node.error(
      `Expected an operator of a MobileNetV2 classifier (${[...converters.keys()].join(', ')})`,
    );
  }
  add(node, graph);
}
