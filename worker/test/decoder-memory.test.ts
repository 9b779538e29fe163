/** What decoders take is at most what images/memory.ts says before, and the largest image fits the budget. */

import { describe, expect, it } from 'vitest';
import { loadCodec } from '../../images/codecs.ts';
import { inspectImage } from '../../images/container.ts';
import { decoderBytes, pixelBytes } from '../../images/memory.ts';
import { decoderModules } from '../../tools/images/decode.ts';
import { MAX_BODY_BYTES, MAX_MODEL_BYTES, MAX_PIXELS, WORK_BYTES } from '../src/limits.ts';
import { encodeJpeg, encodeWebp } from './images.ts';

describe('the memory of a decode', () => {
  const sizes = [
    [1, 1],
    [3, 4000],
    [4000, 3],
    [1201, 799],
    [2000, 2000],
  ] as const;

  it.each(sizes)('of %i x %i pixels', async (width, height) => {
    const files = [
      await encodeJpeg(width, height, { progressive: false, baseline: true }),
      await encodeJpeg(width, height, {
        progressive: true,
        auto_subsample: false,
        chroma_subsample: 1,
      }),
      await encodeJpeg(width, height, {
        progressive: true,
        auto_subsample: false,
        chroma_subsample: 4,
      }),
      await encodeWebp(width, height, { method: 0 }),
      await encodeWebp(width, height, { method: 0 }, 30),
      await encodeWebp(width, height, { lossless: 1, method: 0, quality: 0 }),
      await encodeWebp(width, height, { lossless: 1, method: 0, quality: 0 }, 30),
    ];
    for (const file of files) {
      const info = inspectImage(file);
      if (info.format === 'png') throw new Error('Expected no PNG');
      const codec = await loadCodec(info.format, await decoderModules[info.format]());
      const { data } = codec.decode(file);
      expect(codec.bytes).toBeLessThanOrEqual(decoderBytes(info, file.length));
      expect(data.byteLength).toBeLessThanOrEqual(pixelBytes(info, file.length));
    }
  });

  it('of the largest image of any form fits beside a model', () => {
    const side = Math.floor(Math.sqrt(MAX_PIXELS));
    for (const format of ['jpeg', 'png', 'webp'] as const) {
      const info = { format, width: side, height: side, orientation: 6, buffered: true };
      const need = decoderBytes(info, MAX_BODY_BYTES) + pixelBytes(info, MAX_BODY_BYTES);
      expect(need + MAX_MODEL_BYTES).toBeLessThanOrEqual(WORK_BYTES);
    }
  });
});
