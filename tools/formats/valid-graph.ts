/** The end of every conversion. */

import { GraphError, validateGraph, type Graph } from '../../reference/index.ts';
import { FileError } from '../errors.ts';

/**
 * What a conversion gives, validated.
 *
 * @throws {FileError} for the first rule of graphs that does not hold, there or on the way
 */
export function validGraph(file: string, convert: () => Graph): Graph {
  try {
    const graph = convert();
    validateGraph(graph);
    return graph;
  } catch (error) {
    if (error instanceof GraphError) throw new FileError(file, error.message, { cause: error });
    throw error;
  }
}
