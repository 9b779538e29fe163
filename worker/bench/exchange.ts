/**
 * Requests on connections of their own: one that is kept may be closed by the runtime, after 5 s without a request, just as
 * the next one leaves.
 */

import { request } from 'node:http';

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** GET, or POST of a body. @throws {Error} where the connection ends before the answer does */
export async function exchange(url: string, body?: Uint8Array): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const method = body === undefined ? 'GET' : 'POST';
    const sent = request(url, { method, agent: false }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () => {
        resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString() });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
