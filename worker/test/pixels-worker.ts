/** A Worker that answers with pixels: an image decoded, or, with a width, resized too. For tests. */

import { decoders, kernels } from '../src/parts.ts';
import { ImageDecoder } from '../../images/decode.ts';
import { shrink } from '../page/shrink.ts';
import { MAX_PIXELS } from '../src/limits.ts';

const decoder = new ImageDecoder(decoders, MAX_PIXELS);

export default {
  async fetch(request: Request): Promise<Response> {
    const image = await decoder.decode(new Uint8Array(await request.arrayBuffer()));
    const width = Number(new URL(request.url).searchParams.get('width'));
    const shown = width === 0 ? image : await shrink(image, width, width, kernels[1].kernels());
    return new Response(shown.data as Uint8Array<ArrayBuffer>, {
      headers: { Width: String(shown.width), Height: String(shown.height) },
    });
  },
};
