/**
 * The stages of an answer as routes of their own, repeated `n` times, so that they can be timed from outside: a Worker's
 * own clock need not go on while it computes.
 */

import { ImageDecoder } from '../../images/decode.ts';
import { loadProgram, type FastPath, type Kernels } from '../../fastpath/runtime/index.ts';
import type { Bindings } from '../src/bindings.ts';
import { MAX_PIXELS } from '../src/limits.ts';
import { programName } from '../src/models/tiers.ts';
import { built, decoders, kernels } from '../src/parts.ts';

const decoder = new ImageDecoder(decoders, MAX_PIXELS);
const programs = new Map<string, Uint8Array>();
const networks = new Map<string, FastPath>();
let photo = new Uint8Array(0);

async function load(program: Uint8Array, variant: Kernels): Promise<FastPath> {
  return loadProgram(program, variant);
}

async function run(stage: string, key: string, count: number): Promise<void> {
  const program = programs.get(key) ?? new Uint8Array(0);
  const network = networks.get(key) ?? (await load(program, kernels[0].kernels()));
  networks.set(key, network);
  const image = await decoder.decode(photo);
  for (let i = 0; i < count; i++) {
    if (stage === 'load') await load(program, kernels[0].kernels());
    if (stage === 'decode' || stage === 'all') await decoder.decode(photo);
    if (stage === 'resize' || stage === 'all') network.image?.write(image);
    if (stage === 'inference' || stage === 'all') network.run();
  }
}

export default {
  async fetch(request: Request, { ASSETS }: Bindings): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const key = searchParams.get('model') ?? '';
    if (pathname === '/photo') photo = new Uint8Array(await request.arrayBuffer());
    else if (pathname === '/program') {
      const entry = built.find(({ name, precision }) => `${name} ${precision}` === key);
      if (entry === undefined || ASSETS === undefined) return new Response(null, { status: 404 });
      const answer = await ASSETS.fetch(`https://assets.invalid/models/${programName(entry)}`);
      programs.set(key, new Uint8Array(await answer.arrayBuffer()));
    } else if (pathname === '/first-load') {
      networks.set(key, await load(programs.get(key) ?? new Uint8Array(0), kernels[0].kernels()));
    } else if (pathname === '/first-run') networks.get(key)?.run();
    else if (pathname !== '/empty') {
      await run(pathname.slice(1), key, Number(searchParams.get('n')));
    }
    return new Response('[]');
  },
};
