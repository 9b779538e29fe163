/** Bytes to deploy: as they are, and as a server sends them. */

import { promisify } from 'node:util';
import { brotliCompress, constants } from 'node:zlib';

export interface Sizes {
  readonly raw: number;
  /** With brotli at its highest quality. */
  readonly brotli: number;
}

const compress = promisify(brotliCompress);

export async function sizesOf(bytes: Uint8Array): Promise<Sizes> {
  const compressed = await compress(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  });
  return { raw: bytes.length, brotli: compressed.length };
}
