/** Evaluation on photos: what is kept between runs, and whose fault an error is. */

import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mobilenetV2 } from '../../reference/index.ts';
import { runModels } from '../evaluation/pool.ts';
import { FileError } from '../errors.ts';
import { sha256 } from '../files.ts';
import { encodeGraph } from '../formats/plumb.ts';
import { encodePng } from './png-writer.ts';
import { temporaryFolder } from './temporary.ts';

const folder = temporaryFolder();
const graph = mobilenetV2({ width: 0.1, resolution: 8, classes: 2, labels: ['cat', 'dog'] });
const photo = (name: string, value: number): string =>
  folder.write(
    name,
    encodePng({ width: 1, height: 1, depth: 8, colorType: 2, rows: [[value, value, value]] }),
  );
const photos = [photo('a.png', 0), photo('b.png', 255)];
const cacheName = `${sha256(encodeGraph(graph))}.jsonl`;
let count = 0;

/** A new cache, with these lines for the graph. */
function cacheOf(lines?: string): { readonly path: string; readonly lines: () => string[] } {
  const path = join(folder.path, `cache${String(count++)}`);
  if (lines !== undefined) {
    mkdirSync(path);
    writeFileSync(join(path, cacheName), lines);
  }
  return {
    path,
    lines: () => readFileSync(join(path, cacheName), 'utf8').trimEnd().split('\n'),
  };
}

const run = (cache: string, paths = photos) => runModels([graph], paths, { jobs: 2, cache });

describe('results', () => {
  it('are kept once for a model and a photo given twice', async () => {
    const { path, lines } = cacheOf();
    copyFileSync(photos[0] ?? '', join(folder.path, 'copy.png'));
    const paths = [...photos, join(folder.path, 'copy.png')];
    const [first, second] = await runModels([graph, { ...graph }], paths, { jobs: 2, cache: path });
    expect(first).toHaveLength(3);
    expect(first?.[2]).toEqual(first?.[0]);
    expect(second).toEqual(first);
    expect(readdirSync(path)).toEqual([cacheName]);
    expect(lines()).toHaveLength(2);
    expect(await run(path)).toEqual([first?.slice(0, 2)]);
    expect(lines()).toHaveLength(2);
  });

  const digest = sha256(readFileSync(photos[0] ?? ''));
  it.each([
    ['half a line', `{"photo":"${digest}","logits":[1,`],
    ['no logits', `{"photo":"${digest}","probabilities":[1,0]}`],
    ['too many classes', `{"photo":"${digest}","logits":[1,2,3],"probabilities":[1,0,0]}`],
    ['no class', `{"photo":"${digest}","logits":[],"probabilities":[]}`],
    ['no numbers', `{"photo":"${digest}","logits":["1",null],"probabilities":[1,0]}`],
    ['a long text', `{"photo":"${digest}","logits":"${'x'.repeat(1000)}","probabilities":[1,0]}`],
    ['a number', '1\nnull\n"x"\n[]'],
  ])('that do not fit are computed again: %s', async (_name, line) => {
    const computed = await run(cacheOf().path);
    const { path, lines } = cacheOf(`${line}\n`);
    const before = lines().length;
    expect(await run(path)).toEqual(computed);
    expect(lines()).toHaveLength(before + 2);
    expect(await run(path)).toEqual(computed);
    expect(lines()).toHaveLength(before + 2);
  });

  it('that fit are taken as they are', async () => {
    const line = JSON.stringify({
      photo: digest,
      logits: [-1e300, 2.5],
      probabilities: [0.25, 0.75],
    });
    const [outputs] = await run(cacheOf(`${line}\n`).path);
    expect(outputs?.[0]).toEqual({ logits: [-1e300, 2.5], probabilities: [0.25, 0.75] });
  });

  it('that cannot be kept are refused', async () => {
    const { path } = cacheOf('');
    const taken = join(path, cacheName);
    await expect(run(taken)).rejects.toThrow(`${taken}: Expected a folder for results. EEXIST`);
    await expect(run('/proc')).rejects.toThrow(`/proc/${cacheName}: Expected a writable place.`);
    const directory = cacheOf().path;
    mkdirSync(join(directory, cacheName), { recursive: true });
    await expect(run(directory)).rejects.toThrow(
      `${join(directory, cacheName)}: Expected a file but found a folder or device`,
    );
  });
});

describe('a photo that cannot be read', () => {
  it('is named once', async () => {
    const text = folder.write('text.png', 'hello');
    const result = run(cacheOf().path, [text, ...photos]);
    await expect(result).rejects.toThrow(FileError);
    await expect(result).rejects.toThrow(
      /^[^ ]*text\.png: Expected a JPEG, PNG or WebP image but found a file that begins with 68 65 6c 6c$/,
    );
  });

  it('does not take the blame of a model', async () => {
    const { preprocessing, ...without } = graph;
    expect(preprocessing).toBeDefined();
    const result = runModels([without], photos, { jobs: 1 });
    await expect(result).rejects.toThrow(
      `Expected graph "${graph.name}" to have preprocessing but found none`,
    );
    await expect(result).rejects.not.toThrow(FileError);
  });
});
