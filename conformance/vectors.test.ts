/** Reference and fast path against every published golden case, element by element. */

import { describe, expect, it } from 'vitest';
import { UnsupportedError } from '../fastpath/compile/index.ts';
import { runGraph } from '../golden/backend.ts';
import { fastpathBackends } from '../golden/fastpath-backend.ts';
import { operatorGraph, runOperator, validateGraph } from '../reference/index.ts';
import { operatorCaseOf, readVectors, vectorFiles } from './shared/cmsis-nn.ts';
import { sharedDataPresent } from './shared/folder.ts';

const present = sharedDataPresent('vectors', '29 published golden cases in 13 files');

/** The cases that no MobileNetV2 has, and what the fast path says of them. */
const dilated = (operator: string, dilation: string): string =>
  `Operator "${operator}": Expected dilation 1 for the fast path but found ${dilation}`;
const fastpathRefusals: Readonly<Record<string, string>> = {
  int16xint8_dilation_2: dilated('conv2d', '[2, 2]'),
  int16xint8xint32_4: dilated('conv2d', '[2, 2]'),
  conv_2x2_dilation: dilated('conv2d', '[2, 2]'),
  depthwise_dilation: dilated('depthwiseConv2d', '[2, 2]'),
  grouped_conv_4: dilated('conv2d', '[3, 3]'),
};

describe('published vectors of CMSIS-NN', () => {
  it.skipIf(!present)('are all there: 29 cases', () => {
    expect(vectorFiles.flatMap((file) => readVectors(file))).toHaveLength(29);
  });

  for (const file of vectorFiles) {
    const cases = present ? readVectors(file) : [];
    it.each(cases.map((vector) => [vector.name, vector] as const))(
      `${file} %s`,
      (_name, vector) => {
        const { operatorCase, expected } = operatorCaseOf(file, vector);
        const { kind, precision, attributes, inputs } = operatorCase;
        expect(runOperator(kind, precision, attributes, inputs).data).toEqual(expected);
      },
    );
    it.each(cases.map((vector) => [vector.name, vector] as const))(
      `${file} %s on the fast path`,
      async (name, vector) => {
        const { operatorCase, expected } = operatorCaseOf(file, vector);
        const { kind, precision, attributes, inputs } = operatorCase;
        const { graph, activations } = operatorGraph(kind, precision, attributes, inputs);
        validateGraph(graph);
        const refusal = fastpathRefusals[name];
        for (const backend of fastpathBackends) {
          if (refusal !== undefined) {
            await expect(async () => backend.prepare(graph)).rejects.toThrow(
              new UnsupportedError(refusal),
            );
            continue;
          }
          const { outputs } = await runGraph(backend, graph, activations);
          expect(outputs[0]?.data).toEqual(expected);
        }
      },
    );
  }
});
