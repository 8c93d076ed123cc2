/** The monotonic clock that all processes of this machine share, and its distance to the real time. */

const NS_PER_MS = 1e6;

export function machineMs(): number {
  return Number(process.hrtime.bigint()) / NS_PER_MS;
}

export function epochOffsetMs(): number {
  return Date.now() - machineMs();
}

export function sleepMs(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, durationMs)));
}
