/** Back ends that compute operator by operator, most of them wrong in one place. */

import type { Backend } from '../../../golden/backend.ts';
import {
  elementCount,
  runOperator,
  zeroPointOf,
  type GivenTensor,
  type Operator,
  type OperatorKind,
  type Tensor,
  type TensorData,
} from '../../../reference/index.ts';
import { allocate } from '../../../reference/graph/tensor.ts';

/** What an operator writes, of its inputs; `output` describes it. */
export type Kernel = (operator: Operator, inputs: readonly Tensor[], output: Tensor) => TensorData;

/** What the reference computes. */
export const right: Kernel = ({ kind, attributes }, inputs, output) => {
  const { zeroPoint = 0, scales = [] } = output.quantization ?? {};
  const quantization = { zeroPoint, ...(scales.length === 0 ? {} : { scale: scales }) };
  const first = (kind === 'quantize' ? output : inputs[0])?.type;
  return runOperator<OperatorKind>(
    kind,
    first === 'float32' || first === 'int16' ? first : 'int8',
    { ...attributes, output: { type: output.type, ...quantization } },
    inputs.map(givenTensor),
  ).data;
};

function givenTensor({ shape, data, quantization }: Tensor): GivenTensor {
  const { zeroPoint = 0, scales = [] } = quantization ?? {};
  return { shape, data, zeroPoint, ...(scales.length === 0 ? {} : { scale: scales }) };
}

/** A back end of a kernel; `reports` says which tensors it tells. */
export function backendOf(
  name: string,
  kernel: Kernel,
  reports: (tensor: string) => boolean = () => true,
): Backend {
  return {
    name,
    prepare: (graph) => ({
      run: (inputs) => {
        const tensors = graph.tensors.map((tensor) =>
          tensor.data === undefined ? allocate(tensor) : { ...tensor, data: tensor.data },
        );
        const at = (index: number): Tensor => {
          const tensor = tensors[index];
          if (tensor === undefined) throw new Error(`Expected tensor ${String(index)}`);
          return tensor;
        };
        graph.inputs.forEach((index, position) => {
          tensors[index] = { ...at(index), data: inputs[position] ?? at(index).data };
        });
        for (const operator of graph.operators) {
          const output = at(operator.output);
          const data = kernel(operator, operator.inputs.map(at), output);
          tensors[operator.output] = { ...output, data };
        }
        const told = graph.operators.map((each) => at(each.output)).filter((t) => reports(t.name));
        return {
          outputs: graph.outputs.map(at),
          intermediates: new Map(told.map((tensor) => [tensor.name, tensor])),
        };
      },
    }),
  };
}

/** Whether an operator is one of a kind; the kernels below are right for all others. */
function only(kind: OperatorKind, kernel: Kernel): Kernel {
  return (operator, inputs, output) =>
    operator.kind === kind ? kernel(operator, inputs, output) : right(operator, inputs, output);
}

/** Pads with code 0 in place of the zero point. */
export const padsWithCodeZero = only('depthwiseConv2d', (operator, inputs, output) => {
  const [input, ...others] = inputs;
  if (operator.kind !== 'depthwiseConv2d' || input === undefined) throw new Error('Expected one');
  const { padding } = operator.attributes;
  const [top, bottom, left, right_] = padding;
  const [n = 1, height = 1, width = 1, channels = 1] = input.shape;
  const shape = [n, height + top + bottom, width + left + right_, channels];
  const data = allocate({ ...input, shape }).data;
  for (let at = 0; at < elementCount(input.shape); at++) {
    const c = at % channels;
    const x = Math.floor(at / channels) % width;
    const y = Math.floor(at / (channels * width)) % height;
    const image = Math.floor(at / (channels * width * height));
    const row = image * (shape[1] ?? 1) + y + top;
    data[(row * (shape[2] ?? 1) + x + left) * channels + c] = Number(input.data[at]);
  }
  const attributes = { ...operator.attributes, padding: [0, 0, 0, 0] } as const;
  return right({ ...operator, attributes }, [{ ...input, shape, data }, ...others], output);
});

/** Leaves the channels that do not fill a vector of 8 at the zero point. */
export const forgetsTail = only('depthwiseConv2d', (operator, inputs, output) => {
  const data = right(operator, inputs, output);
  const channels = output.shape.at(-1) ?? 1;
  for (let at = 0; at < data.length; at++) {
    const channel = at % channels;
    if (channel >= channels - (channels % 8) && channels > 8) data[at] = zeroPointOf(output);
  }
  return data;
});

/** Reads rows and columns of the kernel the other way round. */
export const transposesKernel = only('depthwiseConv2d', (operator, inputs, output) => {
  const [input, weights, ...others] = inputs;
  if (input === undefined || weights === undefined) throw new Error('Expected weights');
  const [, height = 1, width = 1, channels = 1] = weights.shape;
  if (height !== width) return right(operator, inputs, output);
  const data = weights.data.slice();
  for (let at = 0; at < data.length; at++) {
    const c = at % channels;
    const kx = Math.floor(at / channels) % width;
    const ky = Math.floor(at / (channels * width));
    data[at] = Number(weights.data[(kx * width + ky) * channels + c]);
  }
  return right(operator, [input, { ...weights, data }, ...others], output);
});

/** Takes a weight of -128 for -127. */
export const symmetricWeights = only('depthwiseConv2d', (operator, inputs, output) => {
  const [input, weights, ...others] = inputs;
  if (input === undefined || weights === undefined) throw new Error('Expected weights');
  const data = weights.data.slice();
  for (let at = 0; at < data.length; at++) data[at] = Math.max(Number(data[at]), -127);
  return right(operator, [input, { ...weights, data }, ...others], output);
});

/** One more where the reference's element is odd (or even), short of the ends of int8. */
export function oneMore(kind: OperatorKind, where: 'odd' | 'even' = 'odd'): Kernel {
  return only(kind, (operator, inputs, output) => {
    const data = right(operator, inputs, output);
    for (let at = 0; at < data.length; at++) {
      const value = Number(data[at]);
      const odd = Math.abs(value % 2) === 1;
      if (odd === (where === 'odd') && value > -128 && value < 127) data[at] = value + 1;
    }
    return data;
  });
}

/** Is off in the second vector of 8 channels. */
export const secondVector = only('depthwiseConv2d', (operator, inputs, output) => {
  const data = right(operator, inputs, output);
  const channels = output.shape.at(-1) ?? 1;
  for (let at = 0; at < data.length; at++) {
    if (at % channels >= 8) data[at] = Number(data[at]) ^ 1;
  }
  return data;
});

/** One part in a hundred too much. */
export const scaled = only('depthwiseConv2d', (operator, inputs, output) => {
  const data = right(operator, inputs, output);
  for (let at = 0; at < data.length; at++) data[at] = Number(data[at]) * 1.01;
  return data;
});
