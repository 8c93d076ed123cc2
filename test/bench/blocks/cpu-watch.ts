/** Measures computing instead of waiting: on a machine that is shared, a process that waits for its turn has no fault of its own. */

/** Asking for the CPU time is a system call: more often, and it would be much of what is measured. */
const LOOK_EVERY_MS = 4;
const US_PER_MS = 1_000;

export interface Computing {
  /** CPU of the whole process, ms. */
  readonly cpuMs: number;
  /** The most CPU between two turns of a timer; what comes in several callbacks within 4 ms counts as one. */
  readonly longestBlockMs: number;
}

/** CPU of the whole process since it began, ms. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / US_PER_MS;
}

/** Watches the event loop until the answer is called. */
export function watchComputing(): () => Computing {
  const beganMs = cpuMs();
  let lastMs = beganMs;
  let longestBlockMs = 0;
  const look = (): void => {
    const nowMs = cpuMs();
    longestBlockMs = Math.max(longestBlockMs, nowMs - lastMs);
    lastMs = nowMs;
  };
  const timer = setInterval(look, LOOK_EVERY_MS);
  return () => {
    clearInterval(timer);
    look();
    return { cpuMs: lastMs - beganMs, longestBlockMs };
  };
}
