/**
 * Reads containers, plainly: what the decoder in fastpath/assembly/container is held to, and what gives a layer's codes,
 * scales and biases back to tools.
 */

import { PROGRAM_BASE, roundUp, type Step } from '../program/format.ts';
import { PARAMETER_BYTES } from '../program/kernels.ts';
import { codeBytes } from './bytes.ts';
import { modelSizes } from './contexts.ts';
import { digestOf } from './digest.ts';
import {
  CONTAINER_HEADER_BYTES,
  LAYER_RECORD_BYTES,
  readHeader,
  refuseDamaged,
  STEPS_OFFSET,
} from '../program/container.ts';
import { constantsStart, gapsOf, layerSteps, leadBytesOf } from './frame.ts';
import type { Grid } from './grid.ts';
import type { Layer, LayerBytes, LayerHead, LayerShape } from './layer.ts';
import { panelParameters, weightOffset } from './panels.ts';
import { ParameterState } from './parameters.ts';
import { isLayerRecord, readLayer } from './records.ts';
import { isLayerStep } from './shapes.ts';
import { codeSteps, FIELDS } from './steps.ts';
import { SymbolReader } from './symbols.ts';
import { codeLayer } from './walk.ts';

export interface DecodedLayer {
  /** Its step's place in the table of steps. */
  readonly step: number;
  readonly layer: Layer;
  /** Of the container. Fractional: symbols share bytes. */
  readonly bytes: LayerBytes;
}

export interface DecodedContainer {
  readonly program: Uint8Array;
  readonly grid: Grid;
  /** In the order of steps. */
  readonly layers: readonly DecodedLayer[];
  /** The least offset from the image to its container with which what is written over has been read. */
  readonly leastOffset: number;
}

/** @throws {ContainerError} for bytes that give no Program */
export function decodePlain(container: Uint8Array): DecodedContainer {
  const header = readHeader(container);
  const { imageBytes, stepCount } = header;
  const view = new DataView(container.buffer, container.byteOffset + CONTAINER_HEADER_BYTES);
  const words = Uint16Array.from({ length: (header.bytes - CONTAINER_HEADER_BYTES) >> 1 }, (_, i) =>
    view.getUint16(2 * i, true),
  );
  const reader = new SymbolReader(modelSizes, words);
  const plain = new Uint8Array(header.plainBytes);
  if (!codeBytes(reader, plain, [])) refuseDamaged();
  let leastOffset = Math.max(imageBytes - header.bytes, 0);
  const write = (end: number): void => {
    leastOffset = Math.max(leastOffset, end - CONTAINER_HEADER_BYTES - reader.bytesRead);
  };
  write(constantsStart(stepCount) - PROGRAM_BASE);
  const steps = new Int32Array(stepCount * FIELDS);
  codeSteps(reader, steps, PROGRAM_BASE + imageBytes, constantsStart(stepCount));

  const found = layerSteps(steps);
  if (!found.every(({ step }) => isLayerStep(step))) refuseDamaged();
  const gaps = gapsOf(found, stepCount, imageBytes);
  const lead = leadBytesOf(header);
  const gapBytes = gaps?.reduce((sum, { start, end }) => sum + end - start, 0);
  if (gaps === undefined || found.length !== header.layers) refuseDamaged();
  if (lead + (gapBytes ?? 0) !== plain.length) refuseDamaged();
  const program = new Uint8Array(imageBytes);
  program.set(new Uint8Array(steps.buffer), STEPS_OFFSET);
  let at = lead;
  for (const { start, end } of gaps) {
    program.set(plain.subarray(at, at + end - start), start);
    at += end - start;
  }
  const plainView = new DataView(plain.buffer);
  const mantissas = Array.from({ length: header.mantissas }, (_, i) =>
    plainView.getFloat32(4 * i, true),
  );
  const grid: Grid = { mantissas, exponent: header.gridExponent };
  const state = new ParameterState();
  const layers = found.map(({ index, step, shape }, i) => {
    const record = readLayer(plainView, 4 * header.mantissas + i * LAYER_RECORD_BYTES);
    if (!isLayerRecord(record, header.mantissas)) refuseDamaged();
    write(step.parameters - PROGRAM_BASE + shape.parameterBytes);
    const layer = emptyLayer(shape, record);
    const bytes = { weights: 0, parameters: 0 };
    let before = reader.bits;
    codeLayer(reader, layer, grid, state, (part) => {
      bytes[part] += (reader.bits - before) / 8;
      before = reader.bits;
    });
    writeConstants(program, layer, step, grid);
    return { step: index, layer, bytes };
  });
  if (!reader.finish() || digestOf(program) !== header.digest) refuseDamaged();
  return { program, grid, layers, leastOffset: roundUp(leastOffset, 16) };
}

function emptyLayer(shape: LayerShape, head: LayerHead): Layer {
  return {
    shape,
    head,
    codes: new Int8Array(shape.channels * shape.products),
    factors: new Int32Array(shape.channels),
    shifts: new Int8Array(shape.channels),
    biases: new Int32Array(shape.channels),
    kinds: new Uint8Array(shape.panels),
    nudges: new Uint16Array(shape.channels),
  };
}

function writeConstants(program: Uint8Array, layer: Layer, step: Step, grid: Grid): void {
  const { shape, codes } = layer;
  for (let channel = 0; channel < shape.channels; channel++) {
    for (let k = 0; k < shape.products; k++) {
      const at = step.weights - PROGRAM_BASE + weightOffset(shape, channel, k);
      program[at] = codes[channel * shape.products + k] ?? 0;
    }
  }
  for (let panel = 0; panel < shape.panels; panel++) {
    program.set(
      panelParameters(layer, step, grid, panel),
      step.parameters - PROGRAM_BASE + panel * PARAMETER_BYTES,
    );
  }
}
