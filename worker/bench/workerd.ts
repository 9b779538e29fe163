/** The runtime alone: `workerd serve` on a port of the loopback, its processor time told by the kernel. */

import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WorkerModule } from '../make/bundle.ts';
import { assetsPath } from '../make/places.ts';

/** The path of the program, which its package tells without declaring it. */
const { default: workerd } = createRequire(import.meta.url)('workerd') as {
  readonly default: string;
};

export const COMPATIBILITY_DATE = '2026-07-01';
/** As on the platform, where an isolate has so much: by it the engine decides when to collect. */
const HEAP_MIB = 128;
const START_DEADLINE_MS = 60_000;
/** Of the kernel's accounting, in which /proc tells times. */
const TICK_MS = 10;

export interface Runtime {
  readonly url: string;
  /** Milliseconds of processor time so far, user and system. */
  readonly cpu: () => number;
  /** Bytes of resident memory. */
  readonly memory: () => number;
  readonly stop: () => Promise<void>;
}

/** A Worker that answers and does nothing else. */
export const emptyWorker: readonly WorkerModule[] = [
  {
    type: 'ESModule',
    path: 'worker.js',
    contents: new TextEncoder().encode(
      'export default { fetch: () => new Response("[]", { headers: { "content-type": "application/json" } }) };',
    ),
  },
];

const moduleKinds = { ESModule: 'esModule', CompiledWasm: 'wasm', Data: 'data' } as const;

function configOf(
  modules: readonly WorkerModule[],
  port: number,
  engineFlags: readonly string[],
): string {
  const list = modules.map(
    ({ type, path }) => `(name = "${path}", ${moduleKinds[type]} = embed "${path}")`,
  );
  const flags = [`--max-old-space-size=${String(HEAP_MIB)}`, ...engineFlags];
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  v8Flags = ${JSON.stringify(flags)},
  services = [
    (name = "main", worker = (
      modules = [${list.join(', ')}],
      compatibilityDate = "${COMPATIBILITY_DATE}",
      bindings = [(name = "ASSETS", service = "assets")],
    )),
    (name = "assets", disk = (path = "${assetsPath()}", allowDotfiles = false)),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${String(port)}", http = (), service = "main")],
);
`;
}

/** Starts a Worker; resolves at its first answer to `path`. */
export async function startRuntime(
  modules: readonly WorkerModule[],
  path = '/v2/health/live',
  engineFlags: readonly string[] = [],
): Promise<Runtime> {
  const folder = mkdtempSync(join(tmpdir(), 'plumbline-workerd-'));
  const port = await freePort();
  for (const module of modules) writeFileSync(join(folder, module.path), module.contents);
  writeFileSync(join(folder, 'config.capnp'), configOf(modules, port, engineFlags));
  const child = spawn(workerd, ['serve', join(folder, 'config.capnp')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const url = `http://127.0.0.1:${String(port)}`;
  const stop = async (): Promise<void> => {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await answered(`${url}${path}`, child);
  } catch (error) {
    await stop();
    throw error;
  }
  const pid = String(child.pid);
  return {
    url,
    cpu: () => {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
    },
    memory: () => {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      return 1024 * Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]);
    },
    stop,
  };
}

async function answered(url: string, child: ChildProcess): Promise<void> {
  const start = performance.now();
  while (performance.now() - start < START_DEADLINE_MS) {
    if (child.exitCode !== null) throw new Error('Expected workerd to serve but it ended');
    try {
      const answer = await fetch(url);
      await answer.arrayBuffer();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
  throw new Error('Expected workerd to answer within a minute');
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
