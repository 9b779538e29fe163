/** The memory of the kernels' own. */

/**
 * Where kernels write what they read again before they return: behind their constants, which are the last bytes that are
 * not zero in a new instance. Nothing else below Programs may change.
 */
export function ownMemory({ memory, dataEnd }: WebAssembly.Exports): {
  readonly from: number;
  readonly to: number;
} {
  const to = (dataEnd as () => number)();
  const data = new Uint8Array((memory as WebAssembly.Memory).buffer, 0, to);
  return { from: data.findLastIndex((byte) => byte !== 0) + 1, to };
}
