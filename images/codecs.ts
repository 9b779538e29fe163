/**
 * One instance of a decoder each, made of its compiled module. The packages' own glue keeps instances in variables that
 * cannot be reset or looked into, so that only what lies below it is used.
 */

import mozjpeg from '@jsquash/jpeg/codec/dec/mozjpeg_dec.js';
import webp from '@jsquash/webp/codec/dec/webp_dec.js';
import { ImageError } from './container.ts';
import { MISSING_DATA } from './jpeg.ts';
import { probes } from './probes.ts';

export interface RgbaImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray | Uint8Array;
}

/** An instance of a decoder. A decode that throws may have spoilt it. */
export interface Codec {
  /** Of its wasm memory, which never shrinks. */
  readonly bytes: number;
  /** Of that memory before the first decode. */
  readonly firstBytes: number;
  readonly decode: (data: Uint8Array) => RgbaImage;
  /** Whether it still decodes a tiny image as it did when it was new. */
  readonly sound: () => boolean;
}

/** Formats that a WebAssembly module decodes. */
export type CodecFormat = 'jpeg' | 'webp';

export async function loadCodec(format: CodecFormat, module: WebAssembly.Module): Promise<Codec> {
  const codec = await (format === 'jpeg' ? loadJpeg(module) : loadWebp(module));
  const probe = Uint8Array.from(atob(probes[format]), (character) => character.charCodeAt(0));
  const { data: wanted } = codec.decode(probe);
  return Object.assign(codec, {
    sound: () => {
      try {
        const { data } = codec.decode(probe);
        return data.length === wanted.length && data.every((value, i) => value === wanted[i]);
      } catch {
        return false;
      }
    },
  });
}

type Instance = Omit<Codec, 'sound'>;

/** What Emscripten's factories take and give, as far as it is used. */
interface EmscriptenOptions {
  readonly noInitialRun: true;
  readonly locateFile: () => string;
  readonly printErr: (line: string) => void;
  readonly instantiateWasm: (
    imports: WebAssembly.Imports,
    callback: (instance: WebAssembly.Instance) => void,
  ) => WebAssembly.Exports;
}

interface EmscriptenModule {
  /** A view of the whole memory, replaced when that grows. */
  readonly HEAPU8: Uint8Array;
  decode(data: Uint8Array, preserveOrientation?: boolean): RgbaImage | null;
}

/** The packages declare their factories in a namespace that a module cannot import. */
type Factory = (options: EmscriptenOptions) => Promise<EmscriptenModule>;

/** What a decoder wraps its pixels in. */
class PixelData {
  readonly data: Uint8ClampedArray;
  readonly width: number;
  readonly height: number;

  constructor(data: Uint8ClampedArray, width: number, height: number) {
    this.data = data;
    this.width = width;
    this.height = height;
  }
}

/**
 * The factories define this where a host has none, in the scope of the instance that they are making: which would then
 * never be collected, however much its memory has grown.
 */
function provideImageData(): void {
  if (!Reflect.has(globalThis, 'ImageData')) Reflect.set(globalThis, 'ImageData', PixelData);
}

async function instantiate(
  factory: Factory,
  module: WebAssembly.Module,
  printErr: (line: string) => void,
): Promise<EmscriptenModule> {
  provideImageData();
  return factory({
    noInitialRun: true,
    locateFile: () => '',
    printErr,
    instantiateWasm: (imports, callback) => {
      const instance = new WebAssembly.Instance(module, imports);
      callback(instance);
      return instance.exports;
    },
  });
}

/** libjpeg makes up what a scan lacks, and tells it in its warnings alone. */
async function loadJpeg(module: WebAssembly.Module): Promise<Instance> {
  let warnings: string[] = [];
  const factory = mozjpeg as unknown as Factory;
  const codec = await instantiate(factory, module, (line) => warnings.push(line));
  return {
    firstBytes: codec.HEAPU8.buffer.byteLength,
    get bytes() {
      return codec.HEAPU8.buffer.byteLength;
    },
    decode: (data) => {
      warnings = [];
      const image = decoded(codec.decode(data, false));
      if (warnings.some((warning) => MISSING_DATA.test(warning))) {
        throw new ImageError('Expected a complete JPEG but the data of a scan ends early');
      }
      return image;
    },
  };
}

async function loadWebp(module: WebAssembly.Module): Promise<Instance> {
  const factory = webp as unknown as Factory;
  const codec = await instantiate(factory, module, () => undefined);
  return {
    firstBytes: codec.HEAPU8.buffer.byteLength,
    get bytes() {
      return codec.HEAPU8.buffer.byteLength;
    },
    decode: (data) => decoded(codec.decode(data)),
  };
}

function decoded(image: RgbaImage | null): RgbaImage {
  if (image === null) throw new Error('Expected pixels but found none');
  return image;
}
