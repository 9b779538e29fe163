/** What the bundler makes of files that are no scripts. */

declare module '*.wasm' {
  const module: WebAssembly.Module;
  export default module;
}

declare module '*.program' {
  const bytes: ArrayBuffer;
  export default bytes;
}

/** What the build says of the Programs it made: read as unknown, and checked. */
declare module '*/catalogue.json' {
  const catalogue: unknown;
  export default catalogue;
}
