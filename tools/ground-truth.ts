/** Whether the fast path computes of an image what the reference says. */

import { compareNetwork } from '../conformance/compare-network.ts';
import { backendOfVariant } from '../golden/fastpath-backend.ts';
import type { Variant } from '../fastpath/runtime/index.ts';
import { imageToInput, type Graph, type RgbImage, type TensorData } from '../reference/index.ts';
import { dequantizedOutputs } from './evaluation/outputs.ts';

/**
 * Whether `input` is the tensor that the reference makes of the image, bit for bit, and the fast path in this variant, given
 * that, ends
 * with `probabilities` and has in every layer what the reference makes of that layer's inputs: every bit of integers,
 * the bounds of float32.
 */
export async function equalsGroundTruth(
  graph: Graph,
  image: RgbImage,
  variant: Variant,
  {
    input,
    probabilities,
  }: { readonly input: TensorData; readonly probabilities: readonly number[] },
): Promise<boolean> {
  const truth = imageToInput(graph, image);
  if (truth.length !== input.length || truth.some((element, i) => element !== input[i])) {
    return false;
  }
  const network = await backendOfVariant[variant].prepare(graph);
  const run = await network.run([truth]);
  const [found] = dequantizedOutputs(run.outputs);
  const same = probabilities.every((probability, i) => probability === found?.[i]);
  return same && compareNetwork(graph, [truth], run).violation === undefined;
}
