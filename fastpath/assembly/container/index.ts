/**
 * Decodes containers (fastpath/program/container.ts) to Programs, within memory that the caller gives.
 *
 * No bytes make it read or write anything else: sizes are checked before they are used, and what is left of doubt, the
 * digest of the Program settles.
 */

import { Step } from '../step';
import { initModels } from './models';
import { digestOf } from './digest';
import { isRecord, lowBitsOf, rangeOf, RECORD_BYTES } from './layers';
import { readBytes } from './bytes';
import { setGrid } from './factors';
import { PANEL_PARAMETERS, writePanel } from './panels';
import { beginLayerParameters, beginParameters, readParameters } from './parameters';
import { isLayer, isLayerStep, parameterBytes, productsOf, weightBytes } from './shapes';
import { readSteps, STEP_BYTES } from './steps';
import { beginSymbols, endSymbols, isDamaged, isRead } from './symbols';
import { beginWeights, readWeights } from './weights';
import { GRID, hasColumns, layOut, plain } from './workspace';

/** Where a Program lies, by the addresses in it. */
const PROGRAM_BASE: u32 = 16384;
const MAX_RATIO: u64 = 256;
const HEADER_BYTES: u32 = 48;
const STREAM_STATES: u32 = 24;
const STEPS_OFFSET: u32 = 32;
const MAGIC: u32 = 0x434d4c50;
const VERSION: u32 = 2;

/** What `decode` returns. */
const DONE: i32 = 0;
/** No container, or one of another version. */
const NO_CONTAINER: i32 = 1;
/** The workspace is too small, or the container too far before the end of the image. */
const NO_ROOM: i32 = 2;
const DAMAGED: i32 = 3;

@unmanaged
class Header {
  magic: u32;
  version: u32;
  bytes: u32;
  imageBytes: u32;
  digest: u32;
  plainBytes: u32;
  mantissas: u32;
  layers: u32;
  stepCount: u32;
  gridExponent: i32;
  workspaceBytes: u32;
  leastOffset: u32;
}

/** Of the header. */
let layerCount: u32 = 0;
let mantissas: u32 = 0;

/** Plain bytes that are not placed yet, and where the next go. */
let source: usize = 0;
let sourceEnd: usize = 0;
let target: usize = 0;

/**
 * Decodes the container at `at`, of which `available` bytes may be read, to the Program at `image`, which has to have
 * room for exactly the `imageBytes` that its header names. The container may lie `leastOffset` bytes or more behind the
 * beginning of the image: where it overlaps the image's end, it is written over as it is read. The workspace may overlap
 * neither.
 */
export function decode(
  at: usize,
  available: u32,
  image: usize,
  imageBytes: u32,
  workspace: usize,
  workspaceBytes: u32,
): i32 {
  if (available < HEADER_BYTES) return NO_CONTAINER;
  const header = changetype<Header>(at);
  if (header.magic !== MAGIC || header.version !== VERSION) return NO_CONTAINER;
  if (!isPossible(header, available) || header.imageBytes !== imageBytes) return DAMAGED;
  // None of the header is read once the image is written.
  const digest = header.digest;
  const plainBytes = header.plainBytes;
  const stepCount = header.stepCount;
  layerCount = header.layers;
  mantissas = header.mantissas;
  setGrid(mantissas, header.gridExponent);
  if (!layOut(workspace, workspaceBytes, plainBytes)) return NO_ROOM;
  initModels();
  beginSymbols(at + HEADER_BYTES, at + (header.bytes & ~1));
  if (!readBytes(plain, plainBytes)) return DAMAGED;
  const constants = STEPS_OFFSET + stepCount * <u32>STEP_BYTES;
  if (!isRead(image + constants)) return NO_ROOM;
  const table = image + STEPS_OFFSET;
  readSteps(table, stepCount, PROGRAM_BASE + imageBytes, PROGRAM_BASE + constants);
  source = plain + 4 * mantissas + RECORD_BYTES * layerCount;
  sourceEnd = plain + plainBytes;
  target = image;
  if (!place(image, STEPS_OFFSET)) return DAMAGED;
  target = image + constants;
  const result = readLayers(image, imageBytes, stepCount);
  if (result !== DONE) return result;
  if (!endSymbols()) return DAMAGED;
  if (!isRead(image + imageBytes)) return NO_ROOM;
  if (!place(image, imageBytes) || source !== sourceEnd) return DAMAGED;
  return digestOf(image, imageBytes) === digest ? DONE : DAMAGED;
}

/** Whether sizes fit each other and the `available` bytes. */
function isPossible(header: Header, available: u32): bool {
  const imageBytes = <u64>header.imageBytes;
  const lead = 4 * <u64>header.mantissas + RECORD_BYTES * <u64>header.layers;
  const plainBytes = <u64>header.plainBytes;
  return (
    header.bytes >= HEADER_BYTES + STREAM_STATES &&
    header.bytes <= available &&
    imageBytes >= STEPS_OFFSET &&
    imageBytes <= <u64>header.bytes * MAX_RATIO &&
    imageBytes <= 1 << 30 &&
    (imageBytes & 15) === 0 &&
    <u64>header.stepCount * STEP_BYTES <= imageBytes - STEPS_OFFSET &&
    header.layers <= header.stepCount &&
    header.mantissas <= <u32>GRID &&
    header.gridExponent >= -126 &&
    header.gridExponent <= 127 &&
    plainBytes >= lead + STEPS_OFFSET &&
    plainBytes <= lead + imageBytes
  );
}

/** Places plain bytes up to an offset of the image; false where it lies before the last one or there are not as many. */
function place(image: usize, offset: u32): bool {
  const to = image + offset;
  if (to < target || to - target > sourceEnd - source) return false;
  memory.copy(target, source, to - target);
  source += to - target;
  target = to;
  return true;
}

function readLayers(image: usize, imageBytes: u32, stepCount: u32): i32 {
  let layer: u32 = 0;
  let last: usize = 0;
  beginParameters();
  for (let i: u32 = 0; i < stepCount; i++) {
    const step = changetype<Step>(image + STEPS_OFFSET + <usize>i * STEP_BYTES);
    // Constants lie in the order of steps: weights that are not behind all before are shared.
    if (!isLayer(step) || step.weights <= last) continue;
    last = step.weights;
    const record = plain + 4 * mantissas + RECORD_BYTES * <usize>layer;
    if (layer === layerCount || !isRecord(record, mantissas)) return DAMAGED;
    if (!isLayerStep(step, imageBytes)) return DAMAGED;
    if (!hasColumns(productsOf(step))) return NO_ROOM;
    const weights = placeConstant(image, imageBytes, step.weights, weightBytes(step));
    const parameters = placeConstant(image, imageBytes, step.parameters, parameterBytes(step));
    if (weights === 0 || parameters === 0) return DAMAGED;
    if (!isRead(parameters + parameterBytes(step))) return NO_ROOM;
    readLayer(step, record, weights, parameters);
    if (isDamaged()) return DAMAGED;
    layer += 1;
  }
  return layer === layerCount ? DONE : DAMAGED;
}

/**
 * Places what lies before a constant, and leaves room for it. Returns where that is; 0 for a constant that is not behind
 * the last one and inside the image.
 */
function placeConstant(image: usize, imageBytes: u32, address: usize, bytes: u32): usize {
  const offset = address - PROGRAM_BASE;
  if (address < PROGRAM_BASE || <u64>offset + bytes > imageBytes) return 0;
  if (!place(image, <u32>offset)) return 0;
  target += bytes;
  return image + offset;
}

function readLayer(step: Step, record: usize, weights: usize, parameters: usize): void {
  const panels = step.outStride >> 3;
  memory.fill(weights, 0, weightBytes(step));
  beginWeights(step, rangeOf(record), lowBitsOf(record));
  beginLayerParameters();
  for (let panel = 0; panel < panels; panel++) {
    const lanes = min(max(step.outChannels - 8 * panel, 0), 8);
    if (lanes > 0) readWeights(step, weights, panel, lanes);
    const kind = readParameters(record, lanes);
    writePanel(parameters + <usize>panel * PANEL_PARAMETERS, step, lanes, kind);
  }
}
