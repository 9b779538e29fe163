/** The names of values in an ONNX graph: each is given once, and Identity gives a value another one. */

import { FileError } from '../../errors.ts';
import { isStandard, type OnnxModel, type OnnxNode } from './wire.ts';

/**
 * The model without operators that return their input as it is: whatever read their output reads that input.
 *
 * @throws {FileError} for a name that is given twice
 */
export function withoutIdentities(file: string, model: OnnxModel): OnnxModel {
  const given = new Set([...model.inputs.map((input) => input.name), ...model.constants.keys()]);
  const meant = new Map<string, string>();
  const resolve = (name: string): string => meant.get(name) ?? name;
  const nodes: OnnxNode[] = [];
  for (const original of model.nodes) {
    const node = { ...original, inputs: original.inputs.map(resolve) };
    for (const output of node.outputs.filter((name) => name !== '')) {
      if (given.has(output)) {
        throw new FileError(
          file,
          `Operator "${node.name}" (${node.type}): Expected a new name for its output but found "${output}" again`,
        );
      }
      given.add(output);
    }
    const [input = ''] = node.inputs;
    const [output = ''] = node.outputs;
    if (isIdentity(node) && input !== '') meant.set(output, input);
    else nodes.push(node);
  }
  const outputs = model.outputs.map((output) => ({ ...output, name: resolve(output.name) }));
  return { ...model, nodes, outputs };
}

/** Dropout drops nothing unless its third input says that the network is in training. */
function isIdentity({ type, domain, inputs }: OnnxNode): boolean {
  if (!isStandard(domain)) return false;
  return type === 'Identity' || (type === 'Dropout' && (inputs[2] ?? '') === '');
}
