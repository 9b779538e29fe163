/**
 * The Worker, its wasm memories counted by the engine, whatever the Worker believes to hold: `/alive` tells those that are
 * not collected yet, `/collect` collects first.
 */

import worker from '../src/index.ts';
import type { Worker } from '../src/app.ts';
import type { MemoriesAlive } from './alive.ts';

/** Of all instances ever made. */
const memories = new Set<WeakRef<WebAssembly.Memory>>();
let made = 0;

WebAssembly.Instance = class extends WebAssembly.Instance {
  constructor(module: WebAssembly.Module, imports?: WebAssembly.Imports) {
    super(module, imports);
    made += 1;
    for (const each of Object.values(this.exports)) {
      if (each instanceof WebAssembly.Memory) memories.add(new WeakRef(each));
    }
  }
};

/** Collects; exposed by `COLLECTING`. */
declare const gc: () => void;

function memoriesAlive(): MemoriesAlive {
  let bytes = 0;
  for (const reference of memories) {
    const memory = reference.deref();
    if (memory === undefined) memories.delete(reference);
    else bytes += memory.buffer.byteLength;
  }
  return { made, alive: memories.size, bytes };
}

export default {
  fetch: (request, bindings, context) => {
    switch (new URL(request.url).pathname) {
      case '/alive':
        return Response.json(memoriesAlive());
      case '/collect':
        gc();
        return Response.json(memoriesAlive());
      default:
        return worker.fetch(request, bindings, context);
    }
  },
} satisfies Worker;
