/** The runtimes under test. */

import { litertRelaxed, litertSimd } from '../litert.ts';
import { onnxruntime } from '../onnxruntime.ts';
import type { Peer } from '../session.ts';
import { tfjsCpu, tfjsWasm } from '../tfjs.ts';

export const peers: readonly Peer[] = [onnxruntime, tfjsCpu, tfjsWasm, litertSimd, litertRelaxed];

export const integerPeers: readonly Peer[] = [onnxruntime, litertSimd, litertRelaxed];
