// Runs in the page of module-engines.test.ts: each model that /cases names, on its pixels; posts what came out.

import { classes, load } from '/host.js';

const bytes = async (path) => (await fetch(path)).arrayBuffer();

const found = {};
for (const name of await (await fetch('/cases')).json()) {
  try {
    const network = await load(await bytes(`/${name}.wasm`));
    found[name] = classes(network.model, network.run(new Uint8Array(await bytes(`/${name}.rgb`))));
  } catch (error) {
    found[name] = String(error);
  }
}
await fetch('/found', { method: 'POST', body: JSON.stringify(found) });
