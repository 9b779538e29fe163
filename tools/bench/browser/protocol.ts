/** What the command tells the page, and the page the command: JSON. */

import type { Variant } from '../../../fastpath/runtime/index.ts';
import type { Graph } from '../../../reference/index.ts';
import type { BrowserResult, Network } from '../results.ts';

/** The runtimes of tools/peers that run in a page as they are published. */
export const pagePeers = ['onnxruntime-web', 'litert-simd', 'litert-relaxed'] as const;
export type PagePeer = (typeof pagePeers)[number];

export interface ServedNetwork extends Network {
  /** Without constants: names, shapes, scales. */
  readonly graph: Graph;
  /** Paths on the server. */
  readonly files: Readonly<Record<ServedFile, string>>;
}

export type ServedFile = 'program' | 'input' | 'onnx' | 'onnxInput' | 'tflite';

export interface PageWork {
  readonly networks: readonly ServedNetwork[];
  readonly variants: readonly Variant[];
  readonly peers: readonly PagePeer[];
  readonly iterations: number;
}

export interface PageFindings {
  readonly networks: BrowserResult['networks'];
  readonly notes: readonly string[];
}
