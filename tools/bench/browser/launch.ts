/** The contest in headless Chromium, from a server on this machine alone. */

import { createReadStream, existsSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, normalize } from 'node:path';
import { UnsupportedError } from '../../../fastpath/compile/errors.ts';
import type { Variant } from '../../../fastpath/runtime/index.ts';
import type { Graph, TensorData } from '../../../reference/index.ts';
import { FileError, messageOf } from '../../errors.ts';
import { toOnnxLayout, writeOnnx } from '../../formats/onnx/write.ts';
import { writeTflite } from '../../formats/tflite/write.ts';
import { packagePath } from '../../models.ts';
import { peerPath } from '../../peer-modules.ts';
import type { BrowserResult, Network } from '../results.ts';
import {
  pagePeers,
  type PageFindings,
  type PagePeer,
  type PageWork,
  type ServedFile,
} from './protocol.ts';

export interface BrowserWork {
  readonly networks: readonly (Network & {
    readonly graph: Graph;
    readonly input: TensorData;
    readonly program: Uint8Array;
  })[];
  readonly variants: readonly Variant[];
  readonly peers: readonly string[];
  readonly iterations: number;
  readonly onProgress: (done: number, total: number) => void;
}

/** Where Debian and others install it. */
const executables = ['/usr/bin/chromium', '/usr/bin/chromium-browser'];
const script = '/dist/tools/bench/browser/page.js';

/**
 * Times the networks in Chromium, in wall time.
 *
 * @throws {FileError} where Chromium, playwright-core or the built package is missing
 */
export async function timeInBrowser(work: BrowserWork, notes: string[]): Promise<BrowserResult> {
  const executablePath = executables.find((path) => existsSync(path));
  if (executablePath === undefined) {
    throw new FileError(executables[0] ?? '', 'Expected Chromium but found none');
  }
  if (!existsSync(packagePath(script))) {
    throw new FileError(script, 'Expected the built package (npm run build) but found none');
  }
  const { chromium } = await importPlaywright();
  const answers = new Map<string, Uint8Array>();
  const pageWork = prepareWork(work, answers);
  const server = serve(answers);
  const browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  });
  try {
    const origin = await listen(server);
    const page = await browser.newPage();
    await page.exposeFunction('benchProgress', work.onProgress);
    await page.goto(`${origin}/index.html`);
    const findings = await page.evaluate<PageFindings>(`
      import(${JSON.stringify(script)}).then(({ run }) =>
        run(${JSON.stringify(pageWork)}, window.benchProgress))
    `);
    notes.push(...findings.notes.map((note) => `in the browser: ${note}`));
    work.onProgress(work.networks.length, work.networks.length);
    return { version: `Chromium ${browser.version()}`, networks: findings.networks };
  } finally {
    await browser.close();
    server.close();
  }
}

async function importPlaywright(): Promise<typeof import('playwright-core')> {
  try {
    return await import('playwright-core');
  } catch (error) {
    throw new FileError('playwright-core', `Expected the package. ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** Puts the networks' files among the answers. A peer takes part where all networks have its file. */
function prepareWork(
  { networks, variants, peers, iterations }: BrowserWork,
  answers: Map<string, Uint8Array>,
): PageWork {
  const served = networks.map(({ model, form, graph, input, program }) => {
    const [{ shape = [] } = {}] = graph.inputs.map((index) => graph.tensors[index]);
    const contents: Readonly<Record<ServedFile, Uint8Array>> = {
      program,
      input: bytesOf(input),
      onnx: writeOnnx(graph).bytes,
      onnxInput: bytesOf(toOnnxLayout(input, shape)),
      tflite: tfliteOf(graph),
    };
    const files = Object.fromEntries(
      Object.entries(contents).map(([file, bytes]) => {
        const path = `/bench/${model}-${form}/${file}`;
        answers.set(path, bytes);
        return [file, path];
      }),
    ) as Record<ServedFile, string>;
    return { model, form, graph: withoutConstants(graph), files };
  });
  return { networks: served, variants, peers: peers.filter(isPagePeer), iterations };
}

function isPagePeer(name: string): name is PagePeer {
  return (pagePeers as readonly string[]).includes(name) && existsSync(peerPath('node_modules'));
}

/** No bytes for a graph that the format does not know: the runtime refuses them. */
function tfliteOf(graph: Graph): Uint8Array {
  try {
    return writeTflite(graph, { ends: 'float32' }).bytes;
  } catch (error) {
    if (error instanceof UnsupportedError) return new Uint8Array(0);
    throw error;
  }
}

function withoutConstants(graph: Graph): Graph {
  return {
    ...graph,
    tensors: graph.tensors.map(({ name, type, shape, quantization }) => ({
      name,
      type,
      shape,
      ...(quantization === undefined ? {} : { quantization }),
    })),
  };
}

function bytesOf({ buffer, byteOffset, byteLength }: TensorData): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
};

/** Names that the page's modules import by, as Node finds them. */
const imports = {
  '@assemblyscript/loader': '/node_modules/@assemblyscript/loader/index.js',
  '@litertjs/wasm-utils': '/tools/peers/node_modules/@litertjs/wasm-utils/dist/bundle.js',
  'zod/mini': '/node_modules/zod/mini/index.js',
};

const html = `<!doctype html><meta charset="utf-8"><title>Plumbline bench</title>
<script type="importmap">${JSON.stringify({ imports })}</script>`;

/** The package's files and the answers, isolated from other origins, which gives the page clocks of 5 us. */
function serve(answers: ReadonlyMap<string, Uint8Array>): Server {
  return createServer((request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://localhost').pathname);
    response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
    response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
    response.setHeader('Content-Type', types[extname(path)] ?? 'application/octet-stream');
    const answer = path === '/index.html' ? html : answers.get(path);
    if (answer !== undefined) response.end(answer);
    else if (existsSync(packagePath(path))) createReadStream(packagePath(path)).pipe(response);
    else response.writeHead(404).end();
  });
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return `http://127.0.0.1:${String(port)}`;
}
