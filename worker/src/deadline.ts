/** Waiting with an end: for bodies and stores, whose peers may never answer. */

/**
 * The result of `work`, or the rejection that `late` makes after `milliseconds`; what `work` does after that counts for
 * nothing. Timers fire between steps of I/O only: no deadline ends a computation.
 */
export async function within<T>(
  milliseconds: number,
  work: Promise<T>,
  late: () => Error,
): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const end = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(late());
    }, milliseconds);
  });
  try {
    return await Promise.race([work, end]);
  } finally {
    clearTimeout(timer);
  }
}
