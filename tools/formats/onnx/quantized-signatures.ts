/** The operators of quantised networks: how many inputs each has, and which attributes it may have. */

import type { Signature } from './node.ts';

const window = ['auto_pad', 'dilations', 'kernel_shape', 'pads', 'strides'];

/** Those of domain com.microsoft among them; their names are nowhere else. */
export const signatures: ReadonlyMap<string, Signature> = new Map(
  Object.entries({
    Constant: { inputs: [0, 0], attributes: ['value'] },
    QuantizeLinear: { inputs: [2, 3], attributes: ['axis', 'saturate'] },
    DequantizeLinear: { inputs: [2, 3], attributes: ['axis'] },
    Conv: { inputs: [2, 3], attributes: [...window, 'group'] },
    Gemm: { inputs: [2, 3], attributes: ['alpha', 'beta', 'transA', 'transB'] },
    MatMul: { inputs: [2, 2], attributes: [] },
    Add: { inputs: [2, 2], attributes: [] },
    Clip: { inputs: [1, 3], attributes: ['min', 'max'] },
    Relu: { inputs: [1, 1], attributes: [] },
    AveragePool: { inputs: [1, 1], attributes: [...window, 'ceil_mode', 'count_include_pad'] },
    GlobalAveragePool: { inputs: [1, 1], attributes: [] },
    ReduceMean: { inputs: [1, 2], attributes: ['axes', 'keepdims', 'noop_with_empty_axes'] },
    Flatten: { inputs: [1, 1], attributes: ['axis'] },
    Reshape: { inputs: [2, 2], attributes: ['allowzero'] },
    Squeeze: { inputs: [1, 2], attributes: ['axes'] },
    Softmax: { inputs: [1, 1], attributes: ['axis'] },
    QLinearConv: { inputs: [8, 9], attributes: [...window, 'group'] },
    QLinearMatMul: { inputs: [8, 8], attributes: [] },
    QGemm: { inputs: [8, 9], attributes: ['alpha', 'transA', 'transB'] },
    QLinearAdd: { inputs: [7, 8], attributes: [] },
    QLinearGlobalAveragePool: { inputs: [4, 5], attributes: ['channels_last'] },
  } satisfies Readonly<Record<string, Signature>>),
);
