/** Measures computing instead of waiting: on a machine that is shared, a process that waits for its turn has no fault of its own. */

import { readFileSync } from 'node:fs';

/** Asking for the CPU time is a system call: more often, and it would be much of what is measured. */
const LOOK_EVERY_MS = 4;
const US_PER_MS = 1_000;
const NS_PER_MS = 1_000_000;
/** On Linux: what the thread of the event loop has computed, in nanoseconds, comes first. */
const LOOP_THREAD = `/proc/self/task/${process.pid}/schedstat`;

export interface Computing {
  /** CPU of the whole process, ms. */
  readonly cpuMs: number;
  /** The most CPU of the loop's own thread between two turns of a timer; what comes in several callbacks within 4 ms counts as one. */
  readonly longestBlockMs: number;
}

/** CPU of the whole process since it began, ms. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / US_PER_MS;
}

/** Of the thread of the event loop: V8 collects and compiles on others meanwhile, which holds nobody up. Elsewhere than on Linux of all. */
function loopCpuMs(): number {
  if (process.platform !== 'linux') return cpuMs();
  return Number(readFileSync(LOOP_THREAD, 'utf8').split(' ')[0]) / NS_PER_MS;
}

/** Watches the event loop until the answer is called. */
export function watchComputing(): () => Computing {
  const beganMs = cpuMs();
  let lastMs = loopCpuMs();
  let longestBlockMs = 0;
  const look = (): void => {
    const nowMs = loopCpuMs();
    longestBlockMs = Math.max(longestBlockMs, nowMs - lastMs);
    lastMs = nowMs;
  };
  const timer = setInterval(look, LOOK_EVERY_MS);
  return () => {
    clearInterval(timer);
    look();
    return { cpuMs: cpuMs() - beganMs, longestBlockMs };
  };
}
