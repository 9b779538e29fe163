/** A Worker that answers RGB pixels, POSTed as bytes, with the classes of a compiled model. */

import module from './model.wasm';
import { classes, load } from './host.js';

let network;

export default {
  async fetch(request) {
    network ??= await load(module);
    const [, height, width] = network.model.input.shape;
    const rgb = new Uint8Array(await request.arrayBuffer());
    if (rgb.length !== 3 * height * width) {
      const wanted = `Expected ${3 * height * width} bytes of RGB but found ${rgb.length}`;
      return Response.json({ error: wanted }, { status: 400 });
    }
    return Response.json(classes(network.model, network.run(rgb)));
  },
};
