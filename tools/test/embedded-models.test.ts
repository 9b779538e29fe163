/** The embedded models: what is committed is what the sources give, and it means what the sources mean. */

import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { interpreter, multiplyAccumulates } from '../../reference/index.ts';
import { sharedDataPresent, sharedPath } from '../../conformance/shared/folder.ts';
import { sha256 } from '../files.ts';
import { onnxToGraph } from '../formats/onnx/to-graph.ts';
import { decodeOnnx } from '../formats/onnx/wire.ts';
import { encodeGraph, withoutSources } from '../formats/plumb.ts';
import {
  embeddedNames,
  embeddedPath,
  loadModel,
  precisionNames,
  readCalibration,
} from '../models.ts';

const six = embeddedNames.flatMap((model) =>
  precisionNames.map((precision) => [model, precision] as const),
);

describe('embedded models', () => {
  it.each([
    ['large', 299.5, 10],
    ['small', 10.7, 2],
  ] as const)('%s has the size its card tells', (name, millions, classes) => {
    const graph = loadModel({ model: name });
    const convolutions = graph.operators.filter((operator) => operator.inputs.length === 3);
    const work = convolutions.reduce(
      (sum, operator) => sum + multiplyAccumulates(graph, operator),
      0,
    );
    expect(work / 1e6).toBeCloseTo(millions, 1);
    expect(graph.labels).toHaveLength(classes);
  });

  it.each(six)('W6 %s %s has the digest it had', (model, precision) => {
    const digests: Readonly<Record<string, string>> = JSON.parse(
      readFileSync(embeddedPath(model, 'digests.json'), 'utf8'),
    ) as Record<string, string>;
    expect(sha256(encodeGraph(loadModel({ model, precision })))).toBe(digests[precision]);
  });

  it.each(six)('%s %s runs', (model, precision) => {
    const graph = loadModel({ model, precision });
    const [input] = graph.tensors;
    const length = input?.shape.reduce((a, b) => a * b, 1) ?? 0;
    const data = { float32: Float32Array, int8: Int8Array, int16: Int16Array }[precision];
    const [output] = interpreter(graph).run([new data(length)]).outputs;
    expect(output?.data).toHaveLength(graph.labels.length);
  });

  it.each(embeddedNames)('the record of %s belongs to its file', (model) => {
    const record = readCalibration(embeddedPath(model, 'calibration.json'));
    expect(record.sha256).toBe(sha256(readFileSync(embeddedPath(model, 'plumb'))));
    expect(record.photos).toBe(100);
  });

  it('come with their card', () => {
    expect(existsSync(embeddedPath('large', 'plumb').replace('large.plumb', 'MODEL_CARD.md'))).toBe(
      true,
    );
  });

  const present = sharedDataPresent('models', '2 imports of the float masters');

  it.skipIf(!present).each(embeddedNames)('%s is what its ONNX source gives', (name) => {
    const bytes = readFileSync(sharedPath('models', `${name}.onnx`));
    const embedded = loadModel({ model: name });
    const imported = onnxToGraph(name, decodeOnnx(name, bytes), {
      name,
      labels: embedded.labels,
      preprocessing: embedded.preprocessing ?? expect.unreachable(),
      provenance: embedded.provenance,
    });
    expect(withoutSources(imported)).toEqual(embedded);
    expect(embedded.provenance['sha256']).toBe(sha256(bytes));
  });
});
