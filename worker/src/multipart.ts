/**
 * The first file of a form (RFC 7578, with the delimiters of RFC 2046), as a view of the body: the runtime's own reader
 * copies every part.
 */

import { HttpError } from './errors.ts';

/** Browsers send about 200 bytes a part. */
const MAX_HEADER_BYTES = 4096;
const MAX_PARTS = 32;

const CRLF = '\r\n';
const encoder = new TextEncoder();
const decoder = new TextDecoder('latin1');

/** @throws {HttpError} 400 for what is no form, or has no file */
export function partOf(contentType: string, body: Uint8Array): Uint8Array {
  const match = /;\s*boundary=(?:"([^"\r\n]{1,70})"|([^\s;,"]{1,70}))/i.exec(contentType);
  const boundary = match?.[1] ?? match?.[2];
  if (boundary === undefined) {
    throw new HttpError(400, 'Expected a boundary in the content type of a form but found none');
  }
  const delimiter = encoder.encode(`--${boundary}`);
  let at = indexOf(body, delimiter, 0) + delimiter.length;
  if (at < delimiter.length) throw new HttpError(400, 'Expected a form but found no part');
  for (let part = 0; part < MAX_PARTS; part++) {
    if (textAt(body, at, 2) === '--') break;
    const blank = indexOf(body, encoder.encode(CRLF + CRLF), at, at + MAX_HEADER_BYTES);
    if (blank < 0) throw new HttpError(400, 'Expected the header of a part to end but it does not');
    const header = textAt(body, at, blank - at);
    const start = blank + 4;
    const end = indexOf(body, encoder.encode(`${CRLF}--${boundary}`), start);
    if (end < 0) throw new HttpError(400, 'Expected a form to end with its boundary');
    if (isFile(header)) return body.subarray(start, end);
    at = end + 2 + delimiter.length;
  }
  throw new HttpError(400, 'Expected a form with a file but found none');
}

function isFile(header: string): boolean {
  return /^content-disposition:\s*form-data\b[^\r\n]*;\s*filename\*?=/im.test(header);
}

function textAt(body: Uint8Array, at: number, length: number): string {
  return decoder.decode(body.subarray(at, at + length));
}

/** Where `sought` first lies in `body`, whole and before `end`, from `start` on; -1 if nowhere. */
function indexOf(body: Uint8Array, sought: Uint8Array, start: number, end = body.length): number {
  const [first = 0] = sought;
  const last = Math.min(end, body.length) - sought.length;
  for (
    let at = body.indexOf(first, start);
    at >= 0 && at <= last;
    at = body.indexOf(first, at + 1)
  ) {
    if (sought.every((byte, i) => body[at + i] === byte)) return at;
  }
  return -1;
}
