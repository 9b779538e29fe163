/** A graph as steps over buffers. */

import type { Graph } from '../../reference/graph/graph.ts';
import type { Operator } from '../../reference/graph/operator.ts';
import type { GraphTensor } from '../../reference/graph/tensor.ts';
import { tensorAt } from '../../reference/validate/index.ts';
import { typeBytes } from '../program/kernels.ts';
import {
  bufferBytes,
  denseBuffer,
  extentsOf,
  kernelBuffer,
  kernelTypeOf,
  type Buffer,
} from './buffers.ts';
import { lowerConvolution, lowerFullyConnected } from './convolutions.ts';
import {
  lowerAdd,
  lowerDequantize,
  lowerMean,
  lowerPad,
  lowerPool,
  lowerQuantize,
  lowerRescale,
  lowerSoftmax,
  repeatStep,
  reshapeStep,
} from './elementwise.ts';
import { loweringOf, type Lowering } from './operator.ts';
import { Writer } from './pack.ts';
import type { DraftStep } from './steps.ts';

export interface DraftBuffer extends Buffer {
  /** The elements, where they are constant. */
  readonly data?: Uint8Array;
  /** The number of another buffer whose memory this one is. */
  readonly of?: number;
}

export interface Draft {
  readonly steps: readonly DraftStep[];
  readonly buffers: readonly DraftBuffer[];
  /** The buffers that the host writes before the first step, and reads after the last. */
  readonly inputs: ReadonlySet<number>;
  readonly outputs: ReadonlySet<number>;
  /** The buffer of each tensor of the graph that is whole in one, and the number of steps after which it is. */
  readonly places: ReadonlyMap<number, Place>;
}

export interface Place {
  readonly buffer: number;
  readonly steps: number;
}

/** @throws {UnsupportedError} for an operator that has no kernel */
export function lowerGraph(graph: Graph): Draft {
  const lowerer = new Lowerer(graph);
  for (const operator of graph.operators) lowerer.operator(operator);
  const { steps, buffers, places } = lowerer;
  const bufferOf = (index: number): number => lowerer.bufferOf(index);
  const inputs = new Set(graph.inputs.map(bufferOf));
  // An output may be a constant that no operator reads.
  const outputs = new Set(graph.outputs.map(bufferOf));
  return { steps, buffers, inputs, outputs, places };
}

/** A step but for its place in the graph. */
type StepBody = Omit<DraftStep, 'operator' | 'input' | 'output'>;

class Lowerer {
  readonly steps: DraftStep[] = [];
  readonly buffers: DraftBuffer[] = [];
  readonly places = new Map<number, Place>();
  readonly #graph: Graph;
  /** Copies of host buffers with pixels of whole vectors, by buffer. */
  readonly #padded = new Map<number, number>();
  /** Whose steps are made. */
  #operator: Operator | undefined;

  constructor(graph: Graph) {
    this.#graph = graph;
    for (const index of graph.inputs) {
      const tensor = tensorAt(graph, index);
      const type = kernelTypeOf(tensor.type, tensor.name);
      this.#place(index, this.#buffer(denseBuffer(type, extentsOf(tensor.shape))));
    }
  }

  operator(operator: Operator): void {
    this.#operator = operator;
    const inputs = operator.inputs.map((index) => tensorAt(this.#graph, index));
    const output = tensorAt(this.#graph, operator.output);
    const lowering = loweringOf(operator, inputs, output);
    const [first = -1] = operator.inputs;
    switch (operator.kind) {
      case 'reshape':
        this.#reshape(this.bufferOf(first), operator.output, lowering);
        return;
      case 'conv2d': {
        // Windows are packed before they are multiplied, so that the host's own layout serves.
        const input = this.bufferOf(first);
        const of = { ...lowering, operator };
        const depthwise = operator.attributes.groups !== 1;
        const read = depthwise ? this.#repeat(this.#vectors(input), output) : input;
        this.#emit(of, read, (from, to) => lowerConvolution(of, from, to));
        return;
      }
      case 'depthwiseConv2d': {
        const of = { ...lowering, operator };
        const input = this.#repeat(this.#vectors(this.bufferOf(first)), output);
        this.#emit(of, input, (from, to) => lowerConvolution(of, from, to));
        return;
      }
      case 'fullyConnected': {
        const of = { ...lowering, operator };
        const input = this.#rows(this.bufferOf(first), inputs[1]?.shape[1] ?? 1);
        this.#emit(of, input, (from, to) => lowerFullyConnected(of, from, to));
        return;
      }
      case 'add': {
        const of = { ...lowering, operator };
        const second = this.#vectors(this.bufferOf(operator.inputs[1] ?? -1));
        const input = this.#vectors(this.bufferOf(first));
        this.#emit(of, input, (from, to) => ({ ...lowerAdd(of, from, to), second }));
        return;
      }
      default: {
        const input = this.#vectors(this.bufferOf(first));
        this.#emit(lowering, input, (from, to) => lowerOne({ ...lowering, operator }, from, to));
      }
    }
  }

  #emit(
    { operator, output, outputType }: Lowering,
    input: number,
    lower: (input: Buffer, output: Buffer) => StepBody,
  ): void {
    const buffer = this.#buffer(kernelBuffer(outputType, extentsOf(output.shape)));
    const step = lower(this.#at(input), this.#at(buffer));
    this.#step({ ...step, input, output: buffer });
    this.#place(operator.output, buffer);
  }

  /** No step where the elements already lie as they have to. */
  #reshape(input: number, index: number, { output, outputType }: Lowering): void {
    const from = this.#at(input);
    const to = kernelBuffer(outputType, extentsOf(output.shape));
    const same = from.stride === to.stride && from.channels === to.channels;
    const dense = from.stride === from.channels && to.stride === to.channels;
    this.#place(index, same || dense ? this.#view(input, to) : this.#copy(input, to));
  }

  /** The buffer with pixels of whole vectors. */
  #vectors(buffer: number): number {
    const from = this.#at(buffer);
    const to = kernelBuffer(from.type, from);
    if (from.stride === to.stride) return buffer;
    const copied = this.#padded.get(buffer) ?? this.#copy(buffer, to);
    this.#padded.set(buffer, copied);
    return copied;
  }

  /** The buffer as rows of `length` elements. */
  #rows(buffer: number, length: number): number {
    const from = this.#at(buffer);
    const pixels = from.batches * from.height * from.width;
    const width = (pixels * from.channels) / length;
    const to = kernelBuffer(from.type, { batches: 1, height: 1, width, channels: length });
    const rows = { ...to, stride: from.stride };
    if (from.channels === length) return this.#view(buffer, rows);
    if (from.stride === from.channels && to.stride === length) return this.#view(buffer, to);
    return this.#copy(buffer, to);
  }

  #repeat(buffer: number, output: GraphTensor): number {
    const from = this.#at(buffer);
    const channels = output.shape[3] ?? 0;
    if (from.channels === channels) return buffer;
    const to = this.#buffer(kernelBuffer(from.type, { ...from, channels }));
    this.#step({ ...repeatStep(from, this.#at(to)), input: buffer, output: to });
    return to;
  }

  #copy(buffer: number, to: Buffer): number {
    const copied = this.#buffer(to);
    this.#step({ ...reshapeStep(this.#at(buffer), to), input: buffer, output: copied });
    return copied;
  }

  #step(step: Omit<DraftStep, 'operator'>): void {
    if (this.#operator === undefined) throw new Error('Expected an operator');
    this.steps.push({ ...step, operator: this.#operator });
  }

  #buffer(buffer: DraftBuffer): number {
    return this.buffers.push(buffer) - 1;
  }

  #view(of: number, buffer: Buffer): number {
    return this.#buffer({ ...buffer, of: this.#at(of).of ?? of });
  }

  #place(tensor: number, buffer: number): void {
    this.places.set(tensor, { buffer, steps: this.steps.length });
  }

  #at(buffer: number): DraftBuffer {
    const found = this.buffers[buffer];
    if (found === undefined) throw new Error(`Expected buffer ${String(buffer)}`);
    return found;
  }

  /** The buffer of a tensor; a constant that an operator takes as an activation gets one now. */
  bufferOf(index: number): number {
    const place = this.places.get(index);
    if (place !== undefined) return place.buffer;
    const tensor = tensorAt(this.#graph, index);
    const type = kernelTypeOf(tensor.type, tensor.name);
    const buffer = kernelBuffer(type, extentsOf(tensor.shape));
    const constant = this.#buffer({ ...buffer, data: constantBytes(tensor, buffer) });
    this.#place(index, constant);
    return constant;
  }
}

function lowerOne(lowering: Lowering, input: Buffer, output: Buffer): StepBody {
  const { operator } = lowering;
  switch (operator.kind) {
    case 'averagePool':
      return lowerPool({ ...lowering, operator }, input, output);
    case 'mean':
      return lowerMean({ ...lowering, operator }, input, output);
    case 'softmax':
      return lowerSoftmax({ ...lowering, operator }, input, output);
    case 'quantize':
      return lowerQuantize({ ...lowering, operator }, input, output);
    case 'dequantize':
      return lowerDequantize({ ...lowering, operator }, input, output);
    case 'pad':
      return lowerPad({ ...lowering, operator }, input, output);
    default:
      return lowerRescale(lowering, input, output);
  }
}

function constantBytes({ data }: GraphTensor, buffer: Buffer): Uint8Array {
  const writer = new Writer(bufferBytes(buffer));
  const pixels = bufferBytes(buffer) / typeBytes[buffer.type] / buffer.stride;
  for (let pixel = 0; pixel < pixels; pixel++) {
    for (let c = 0; c < buffer.stride; c++) {
      const value = c < buffer.channels ? data?.[pixel * buffer.channels + c] : 0;
      writer.element(buffer.type, Number(value ?? 0));
    }
  }
  return writer.bytes;
}
