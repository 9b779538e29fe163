/** The page: a photo comes in, six models answer here and on the edge. */

import type { RgbImage } from '../../images/decode.ts';
import { Camera } from './camera.ts';
import { classifyAtEdge, edgeLimits, type EdgeLimits } from './edge.ts';
import { byId, html } from './elements.ts';
import { heatMap, heatPixels } from './heat-map.ts';
import { LocalModels } from './local.ts';
import { encodePng } from './png.ts';
import { showResults, type Row } from './results.ts';
import { shrink } from './shrink.ts';

const models = new LocalModels();
const camera = new Camera(models);
let shown: RgbImage | undefined;
/** Counts photos, so that what an earlier one still brings is dropped. */
let current = 0;

function tell(text: string): void {
  byId('status', HTMLElement).textContent = text;
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

/** Whatever fails is told; nothing is left to fail unseen. */
function guard(work: () => Promise<void>): void {
  work().catch((error: unknown) => {
    tell(messageOf(error));
  });
}

async function classify(file: Uint8Array): Promise<void> {
  const photo = ++current;
  tell('Decoding ...');
  const image = await models.decode(file);
  shown = image;
  byId('results', HTMLElement).hidden = false;
  showPreview(image);
  const entries = await models.entries();
  const rows: Row[] = entries
    .toSorted((a, b) => b.name.localeCompare(a.name))
    .map((entry) => ({ entry }));
  const limits = await edgeLimits();
  const large = file.length > limits.bytes || image.width * image.height > limits.pixels;
  for (const [i, row] of rows.entries()) {
    tell(`Classifying: ${row.entry.name} ${row.entry.precision} ...`);
    const local = await models.classify(row.entry, image);
    const edge = await edgeOf(row, large ? await reduced(row, image) : file);
    if (photo !== current) return;
    rows[i] = { ...row, local, ...edge };
    showResults(rows);
  }
  await showHeat();
  tell(summary(rows, image, large ? limits : undefined));
}

async function edgeOf({ entry }: Row, file: Uint8Array): Promise<Pick<Row, 'edge' | 'edgeError'>> {
  try {
    const edge = await classifyAtEdge(entry, file, byId('token', HTMLInputElement).value);
    return { edge };
  } catch (error) {
    return { edgeError: messageOf(error) };
  }
}

/** What the edge would not take: at the size of the model, resized by the same code. */
async function reduced({ entry }: Row, image: RgbImage): Promise<Uint8Array> {
  const { kernels } = await models.kernels();
  return encodePng(await shrink(image, entry.width, entry.height, kernels));
}

function summary(rows: readonly Row[], image: RgbImage, limits: EdgeLimits | undefined): string {
  const words = ['small', 'large'].map((name) => {
    const row = rows.find(({ entry }) => entry.name === name && entry.precision === 'int8');
    const [best] = row?.local?.scores ?? [];
    return best === undefined ? name : `${best.label} (${(100 * best.score).toFixed(0)} %)`;
  });
  const size = `${String(image.width)} x ${String(image.height)} pixels`;
  const sent =
    limits === undefined
      ? ''
      : ` Over the edge's limit of ${String(limits.pixels / 1e6)} megapixels and ${(limits.bytes / 2 ** 20).toFixed(0)} MiB: sent at the size of each model.`;
  return `${size}: ${words.join(', ')}.${sent}`;
}

function showPreview({ width, height, data }: RgbImage): void {
  const canvas = byId('preview', HTMLCanvasElement);
  canvas.width = width;
  canvas.height = height;
  const pixels = new ImageData(width, height);
  for (let from = 0, to = 0; from < data.length; from += 3, to += 4) {
    pixels.data[to] = data[from] ?? 0;
    pixels.data[to + 1] = data[from + 1] ?? 0;
    pixels.data[to + 2] = data[from + 2] ?? 0;
    pixels.data[to + 3] = 255;
  }
  canvas.getContext('2d')?.putImageData(pixels, 0, 0);
}

async function showHeat(): Promise<void> {
  const [name, precision] = byId('heat-model', HTMLSelectElement).value.split(' ');
  const entry = (await models.entries()).find(
    (each) => each.name === name && each.precision === precision,
  );
  if (shown === undefined || entry === undefined) return;
  const select = byId('heat-class', HTMLSelectElement);
  const { scores } = await models.classify(entry, shown);
  const category = Math.max(
    0,
    entry.labels.indexOf(select.value === '' ? (scores[0]?.label ?? '') : select.value),
  );
  const { head, report } = await models.features(entry, shown);
  const map = heatMap(head, report, category);
  const small = html('canvas', { width: String(map.width), height: String(map.height) });
  small.getContext('2d')?.putImageData(heatPixels(map), 0, 0);
  const canvas = byId('heat', HTMLCanvasElement);
  canvas.width = 448;
  canvas.height = 448;
  const context = canvas.getContext('2d');
  if (context !== null) {
    context.imageSmoothingQuality = 'high';
    context.drawImage(small, 0, 0, canvas.width, canvas.height);
  }
  const label = entry.labels[category] ?? '';
  const exact =
    entry.precision === 'float32'
      ? 'exact: the mean over all places, plus a constant, is the logit'
      : `of the dequantised ${entry.precision} features and weights`;
  byId('heat-caption', HTMLElement).textContent =
    `Where ${entry.name} ${entry.precision} finds evidence for "${label}" (${exact}).`;
  byId('preview', HTMLCanvasElement).setAttribute(
    'aria-label',
    `The photo; evidence for "${label}" is strongest ${placeOf(map.evidence, map.width, map.height)}`,
  );
}

/** In words, for those who do not see the map. */
function placeOf(evidence: Float64Array, width: number, height: number): string {
  const at = evidence.indexOf(Math.max(...evidence));
  const third = (value: number, extent: number): number => Math.floor((3 * (value + 0.5)) / extent);
  const row = ['at the top', 'in the middle', 'at the bottom'][
    third(Math.floor(at / width), height)
  ];
  const column = ['left', 'centre', 'right'][third(at % width, width)];
  return `${row ?? ''}, ${column ?? ''}`;
}

async function fillHeatModels(): Promise<void> {
  const select = byId('heat-model', HTMLSelectElement);
  for (const { name, precision } of await models.entries()) {
    select.append(html('option', {}, `${name} ${precision}`));
  }
  select.value = 'large float32';
  await fillHeatClasses();
}

async function fillHeatClasses(): Promise<void> {
  const [name] = byId('heat-model', HTMLSelectElement).value.split(' ');
  const entry = (await models.entries()).find((each) => each.name === name);
  byId('heat-class', HTMLSelectElement).replaceChildren(
    html('option', { value: '' }, 'the best class'),
    ...(entry?.labels ?? []).map((label) => html('option', { value: label }, label)),
  );
}

async function take(blob: Blob | null | undefined): Promise<void> {
  if (blob == null) return;
  await classify(new Uint8Array(await blob.arrayBuffer()));
}

async function toggleCamera(): Promise<void> {
  if (camera.running) camera.stop();
  else await camera.start();
  const { running } = camera;
  byId('camera', HTMLButtonElement).setAttribute('aria-pressed', String(running));
  byId('shot', HTMLButtonElement).hidden = !running;
  byId('live', HTMLElement).hidden = !running;
  tell(running ? 'The webcam runs, in this browser alone.' : 'The webcam is off.');
}

const input = byId('file', HTMLInputElement);
input.addEventListener('change', () => {
  guard(() => take(input.files?.[0]));
});
const drop = byId('drop', HTMLElement);
document.addEventListener('dragover', (event) => {
  event.preventDefault();
  drop.classList.add('over');
});
document.addEventListener('dragleave', () => {
  drop.classList.remove('over');
});
document.addEventListener('drop', (event) => {
  event.preventDefault();
  drop.classList.remove('over');
  guard(() => take(event.dataTransfer?.files[0]));
});
document.addEventListener('paste', (event) => {
  guard(() => take(event.clipboardData?.files[0]));
});
byId('sample', HTMLButtonElement).addEventListener('click', () => {
  guard(async () => take(await (await fetch('/sample.jpg')).blob()));
});
byId('camera', HTMLButtonElement).addEventListener('click', () => {
  guard(toggleCamera);
});
byId('shot', HTMLButtonElement).addEventListener('click', () => {
  guard(async () => classify(await camera.photo()));
});
byId('heat-model', HTMLSelectElement).addEventListener('change', () => {
  guard(async () => {
    await fillHeatClasses();
    await showHeat();
  });
});
byId('heat-class', HTMLSelectElement).addEventListener('change', () => {
  guard(showHeat);
});
guard(fillHeatModels);
