/** Gates, deadlines and forms: the parts between the network and the models. */

import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { within } from '../src/deadline.ts';
import { Gate } from '../src/gate.ts';
import { partOf } from '../src/multipart.ts';

const late = (): Error => new Error('late');

describe('a gate', () => {
  it('never lets more in than its capacity, and everyone in the end, in order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 10 }), { maxLength: 30 }),
        async (sizes) => {
          const gate = new Gate(10);
          let inside = 0;
          const order: number[] = [];
          await Promise.all(
            sizes.map(async (size, i) => {
              const leave = await gate.enter(size, 10_000, late);
              order.push(i);
              inside += size;
              expect(inside).toBeLessThanOrEqual(10);
              await Promise.resolve();
              inside -= size;
              leave();
              leave();
            }),
          );
          expect(order).toEqual(sizes.map((_, i) => i));
          expect(gate.used).toBe(0);
        },
      ),
    );
  });

  it('turns away who waits too long, and lets the next in', async () => {
    vi.useFakeTimers();
    const gate = new Gate(4);
    const leave = await gate.enter(3, 10, late);
    const large = gate.enter(4, 10, late);
    const small = gate.enter(1, 100, late);
    const refused = expect(large).rejects.toThrow('late');
    await vi.advanceTimersByTimeAsync(20);
    await refused;
    (await small)();
    leave();
    expect(gate.used).toBe(0);
    vi.useRealTimers();
  });

  it('refuses what can never enter', async () => {
    await expect(new Gate(4).enter(5, 10, late)).rejects.toThrow('Expected at most 4 but found 5');
  });
});

describe('a deadline', () => {
  it('passes results and errors on, and ends what does not end', async () => {
    expect(await within(1000, Promise.resolve(7), late)).toBe(7);
    await expect(within(1000, Promise.reject(new Error('own')), late)).rejects.toThrow('own');
    await expect(within(1, new Promise(() => undefined), late)).rejects.toThrow('late');
  });
});

describe('a form', () => {
  it('gives the bytes of its first file, whatever they are', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 300 }),
        fc.array(fc.string(), { maxLength: 3 }),
        fc.string({ minLength: 1 }),
        async (bytes, fields, name) => {
          const form = new FormData();
          for (const field of fields) form.append('field', field);
          form.append('file', new Blob([bytes]), name);
          form.append('file', new Blob(['second']), 'second');
          const response = new Response(form);
          const type = response.headers.get('content-type') ?? '';
          const body = new Uint8Array(await response.arrayBuffer());
          expect(partOf(type, body)).toEqual(bytes);
        },
      ),
    );
  });

  const start = '--b\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\n';

  it.each([
    ['no boundary', 'multipart/form-data', '', 'Expected a boundary'],
    ['no part', 'multipart/form-data; boundary=b', 'hello', 'but found no part'],
    [
      'an end that is missing',
      'multipart/form-data; boundary=b',
      `${start}abc`,
      'to end with its boundary',
    ],
    [
      'a header without end',
      'multipart/form-data; boundary=b',
      `--b\r\nx: ${'y'.repeat(9000)}`,
      'header of a part to end',
    ],
    [
      'fields alone',
      'multipart/form-data; boundary="b"',
      '--b\r\nContent-Disposition: form-data; name="filename"\r\n\r\nv\r\n--b--\r\n',
      'Expected a form with a file but found none',
    ],
    [
      'parts without end',
      'multipart/form-data; boundary=b',
      `${'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\nv\r\n'.repeat(100)}--b--`,
      'Expected a form with a file but found none',
    ],
  ])('of %s is refused', (_name, type, body, text) => {
    expect(() => partOf(type, new TextEncoder().encode(body))).toThrow(text);
  });

  it('of any bytes gives a part or an error of 400', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const body = Buffer.concat([Buffer.from('--b\r\n'), bytes, Buffer.from('\r\n--b--')]);
        try {
          partOf('multipart/form-data; boundary=b', body);
        } catch (error) {
          expect(error).toMatchObject({ name: 'HttpError', status: 400 });
        }
      }),
    );
  });
});
