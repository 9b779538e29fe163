/** A valid graph that the fast path has no kernels for. The reference runs it. */
export class UnsupportedError extends Error {
  override readonly name = 'UnsupportedError';
}
