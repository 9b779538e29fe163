// Runs in the page of browser.test.ts: loads /program as a deployed page would, and writes what it found into the page, as JSON.

import { loadProgram } from '/dist/fastpath/runtime/index.js';

const bytes = async (url) => (await fetch(url)).arrayBuffer();

function evalRefused() {
  try {
    new Function('return 1')();
    return false;
  } catch {
    return true;
  }
}

const program = new Uint8Array(await bytes('/program'));
const kernels = await bytes('/build/kernels.simd.wasm');
const image = await (await fetch('/image')).json();
image.data = Uint8Array.from(image.data);
const fromBytes = await loadProgram(program, kernels);
const fromModule = await loadProgram(program, await WebAssembly.compile(kernels));
fromModule.image.write(image);
const found = document.createElement('output');
found.textContent = JSON.stringify({
  fromImage: Array.from(fromBytes.runImage(image)[0]),
  fromModule: Array.from(fromModule.run()[0]),
  layers: fromModule.description.intermediates.length,
  evalRefused: evalRefused(),
});
document.body.append(found);
