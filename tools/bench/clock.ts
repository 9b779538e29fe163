/** The clocks of the benchmark, in milliseconds. */

import process from 'node:process';

export interface CpuClock {
  /** Whose time it is: that of the thread that runs, or, before Node 23.9, of the whole process. */
  readonly of: 'thread' | 'process';
  readonly now: () => number;
}

/**
 * CPU time, in steps of a microsecond. That of the thread leaves out what compiles and collects in the background.
 *
 * Linux brings the account of a running thread up to date at its scheduler's ticks (every 1 to 4 ms), and whenever it is
 * asked for that of the process: `getrusage(RUSAGE_THREAD)` alone reads the account as the last tick left it. So the
 * process is asked first (measured: steps of 2 to 4 ms without, of 1 us with).
 */
export const cpuClock: CpuClock = hasThreadClock()
  ? {
      of: 'thread',
      now: () => {
        process.cpuUsage();
        return milliseconds(process.threadCpuUsage());
      },
    }
  : { of: 'process', now: () => milliseconds(process.cpuUsage()) };

function hasThreadClock(): boolean {
  return 'threadCpuUsage' in process;
}

function milliseconds({ user, system }: { user: number; system: number }): number {
  return (user + system) / 1000;
}
