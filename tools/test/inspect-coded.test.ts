/** What `inspect` says of a container: which of its bytes are whose. */

import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { describe, expect, it } from 'vitest';
import { withFewCodes } from '../../fastpath/container/test/few-codes.ts';
import { readHeader } from '../../fastpath/program/container.ts';
import type { Graph } from '../../reference/index.ts';
import { codedBytes, encodeContainerFile } from '../formats/container.ts';
import { inspectGraph, type Inspection } from '../inspect/index.ts';
import { renderInspection } from '../inspect/page.ts';
import { inspectionText } from '../inspect/text.ts';
import { packagePath } from '../models.ts';
import { isWeighted } from '../sensitivity/index.ts';
import { int8, structureAlone, sum } from './inspected.ts';

const coded = withFewCodes(int8, { range: 15, perOctave: 8, biasBits: 5, seed: 1 });
const { file, sizes } = encodeContainerFile(coded);
const bytes = codedBytes(coded, file);

/** The graph with zeros for the weights of one operator. */
function withZeros(graph: Graph, operator: number): Graph {
  const zeroed = graph.operators[operator]?.inputs[1];
  return {
    ...graph,
    tensors: graph.tensors.map((tensor, i) =>
      i === zeroed && tensor.data !== undefined
        ? { ...tensor, data: new Int8Array(tensor.data.length) }
        : tensor,
    ),
  };
}

describe('Coded bytes', () => {
  it('are those of every operator with weights, and add up to the container', () => {
    const weighted = coded.operators.flatMap((operator, i) => (isWeighted(operator) ? [i] : []));
    expect([...bytes.operators.keys()]).toEqual(weighted);
    const layers = [...bytes.operators.values()];
    const [weights, parameters] = (['weights', 'parameters'] as const).map((part) =>
      sum(layers.map((layer) => layer[part])),
    );
    expect((weights ?? NaN) + (parameters ?? NaN) + bytes.rest).toBe(bytes.container);
    expect(bytes.container).toBe(sizes.bytes);
    // Each is rounded to a whole byte.
    expect(Math.abs((weights ?? NaN) - sizes.weights)).toBeLessThan(layers.length / 2);
    expect(Math.abs((parameters ?? NaN) - sizes.parameters)).toBeLessThan(layers.length / 2);
  });

  it.each(['head', 'block_16/project', 'block_16/depthwise'])(
    'of the weights of %s are what goes where these are zero',
    (name) => {
      const operator = coded.operators.findIndex((each) => each.name === name);
      const zeroed = withZeros(coded, operator);
      const without = codedBytes(zeroed, encodeContainerFile(zeroed).file);
      const own = bytes.operators.get(operator)?.weights ?? NaN;
      const left = without.operators.get(operator)?.weights ?? NaN;
      expect(left).toBeLessThan(own / 50);
      // What other layers take changes a little: contexts are learnt from all.
      const less = bytes.container - without.container;
      expect(Math.abs(own - left - less)).toBeLessThan(0.02 * less);
    },
  );
});

describe('The inspection of a container', () => {
  const inspection: Promise<Inspection> = inspectGraph(coded, {
    ...structureAlone,
    fileBytes: file.length,
    coded: bytes,
  });

  it('has what each layer takes, coded and as computed with', async () => {
    const { operators, container, total, fileBytes } = await inspection;
    expect(container).toEqual({
      bytes: sizes.bytes,
      layers: sizes.bytes - bytes.rest,
      rest: bytes.rest,
    });
    expect(fileBytes).toBe(file.length);
    expect(sum(operators.map((layer) => layer.coded?.total ?? 0))).toBe(container?.layers);
    expect(sum(operators.map((layer) => layer.bytes.total))).toBe(total.bytes);
    operators.forEach((layer, i) => {
      const own = bytes.operators.get(i);
      expect(layer.coded).toEqual(own && { ...own, total: own.weights + own.parameters });
    });
  });

  it('as text has columns of it', async () => {
    const { operators, container } = await inspection;
    const text = inspectionText(await inspection);
    expect(text).toContain(
      `  container: ${String(sizes.bytes)} bytes, of layers ${String(container?.layers)}, of all else ${String(bytes.rest)}\n`,
    );
    const head = operators.find(({ name }) => name === 'head');
    const own = head?.coded ?? { weights: NaN, total: NaN };
    expect(text).toMatch(new RegExp(`^head +conv2d .* ${String(own.total)} +-$`, 'm'));
    expect(text).toMatch(/^pool +averagePool .* 0 +- +-$/m);
    const count = head?.weights?.count ?? NaN;
    const bits = ((8 * own.weights) / count).toFixed(2);
    const share = ((100 * own.total) / (container?.layers ?? NaN)).toFixed(1);
    expect(text).toMatch(
      new RegExp(
        `^head +${String(count)} +\\d+ +${String(own.total)} +${bits} +${share.replace('.', '[.]')} % `,
        'm',
      ),
    );
  });

  it('as a page has columns of it', async () => {
    const page = renderInspection(await inspection);
    const { operators } = await inspection;
    const total = operators.find(({ name }) => name === 'head')?.coded?.total ?? NaN;
    const grouped = total.toLocaleString('en');
    expect(page).toContain(`<span>${grouped}</span>`);
    expect(page).toContain(`<dt>coded</dt><dd>${grouped}: weights `);
    expect(page.match(/<dt>coded<\/dt>/g)).toHaveLength(bytes.operators.size);
    expect(page.match(/<th scope="col"[^>]*>coded<\/th>/g)).toHaveLength(2);
    const behind = (file.length - sizes.bytes).toLocaleString('en');
    expect(page).toContain(`the graph for tools ${behind}<`);
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
  });

  it('is told of a container alone', async () => {
    const plain = await inspectGraph(coded, structureAlone);
    expect(plain.container).toBeUndefined();
    expect(inspectionText(plain)).not.toMatch(/coded|container/);
    expect(renderInspection(plain)).not.toMatch(/coded|container/i);
  });
});

it('plumbline inspect tells it of a file', () => {
  const path = packagePath('golden', 'compressed', 'small.12.container');
  const command = join(import.meta.dirname, '..', 'plumbline.ts');
  const { stdout } = spawnSync(
    process.execPath,
    [command, 'inspect', path, '--no-time', '--no-sensitivity', '--samples', '1', '--json'],
    { encoding: 'utf8' },
  );
  const { fileBytes, container, operators } = JSON.parse(stdout) as Inspection;
  expect(fileBytes).toBe(statSync(path).size);
  expect(container?.bytes).toBe(readHeader(readFileSync(path)).bytes);
  expect(sum(operators.map((layer) => layer.coded?.total ?? 0))).toBe(container?.layers);
  expect((container?.layers ?? NaN) + (container?.rest ?? NaN)).toBe(container?.bytes);
});
