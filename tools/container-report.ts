/** How small a container is, beside what else one could do, and how fast it decodes. */

import { brotliCompressSync } from 'node:zlib';
import type { EncodedContainer } from '../fastpath/container/index.ts';
import { readHeader } from '../fastpath/program/container.ts';
import { headerFields, PROGRAM_BASE, readWords } from '../fastpath/program/format.ts';
import { decodeInto, placesOf } from '../fastpath/runtime/container.ts';
import { cpuClock } from './bench/clock.ts';
import { median } from './bench/statistics.ts';
import { decoderModule } from './kernels.ts';

export interface ContainerReport {
  /** Of the container, which is all that is deployed besides kernels and decoder. */
  readonly bytes: number;
  readonly weightBytes: number;
  /** The zero-order entropy of each layer's weights, summed. */
  readonly weightEntropyBytes: number;
  readonly parameterBytes: number;
  readonly restBytes: number;
  readonly programBytes: number;
  /** Of the same Program by brotli, at its best. */
  readonly brotliBytes: number;
  /** CPU time: of the first of an instance, as a host has it, and the median of later ones. */
  readonly decodeMilliseconds: { readonly first: number; readonly median: number };
  /** WebAssembly memory of the loaded Program, and of loading it from the container. */
  readonly memoryBytes: { readonly program: number; readonly decoding: number };
}

const DECODES = 15;

export async function reportContainer({
  container,
  program,
  sizes,
}: EncodedContainer): Promise<ContainerReport> {
  const view = new DataView(program.buffer, program.byteOffset, program.length);
  const { imageBytes, arenaBytes } = readWords(view, 0, headerFields);
  const decoder = decoderModule();
  const times: number[] = [];
  for (let i = 0; i < DECODES; i++) {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const start = cpuClock.now();
    await decodeInto(memory, container, decoder);
    times.push(cpuClock.now() - start);
  }
  return {
    bytes: sizes.bytes,
    weightBytes: Math.round(sizes.weights),
    weightEntropyBytes: Math.round(sizes.entropy),
    parameterBytes: Math.round(sizes.parameters),
    restBytes: Math.round(sizes.rest),
    programBytes: program.length,
    brotliBytes: brotliCompressSync(program).length,
    decodeMilliseconds: { first: times[0] ?? NaN, median: median(times.slice(1)) },
    memoryBytes: {
      program: PROGRAM_BASE + imageBytes + arenaBytes,
      decoding: placesOf(readHeader(container)).end,
    },
  };
}

/** Lines for people. */
export function containerText(report: ContainerReport, float32Bytes: number): string {
  const { decodeMilliseconds, memoryBytes } = report;
  const ratio = (bytes: number): string => `1/${(float32Bytes / bytes).toFixed(2)} of float32`;
  return [
    `container: ${String(report.bytes)} bytes, ${ratio(report.bytes)}`,
    `  weights ${String(report.weightBytes)} (entropy of each layer's codes: ${String(report.weightEntropyBytes)}), scales and biases ${String(report.parameterBytes)}, the rest ${String(report.restBytes)}`,
    `  the same Program by brotli: ${String(report.brotliBytes)} bytes, ${ratio(report.brotliBytes)}; as it is: ${String(report.programBytes)}`,
    `  decoded in ${decodeMilliseconds.median.toFixed(1)} ms of CPU time (${decodeMilliseconds.first.toFixed(1)} the first time), in ${String(memoryBytes.decoding)} bytes of memory where the Program takes ${String(memoryBytes.program)}`,
  ].join('\n');
}
