// Imported first, so that nothing has read the clock yet. With CLOCK_OFFSET_MS the process lives with a wrong wall
// clock, as a machine whose time is not synchronised does; its monotonic clock stays right.

const offsetMs = Number(process.env.CLOCK_OFFSET_MS ?? 0);
const RealDate = Date;

/** The machine's own time, for the record that the proof is read from. */
export function realNowMs(): number {
  return performance.timeOrigin + performance.now();
}

const NS_PER_MS = 1e6;

/** The machine's monotonic clock: one for all its processes, and no fake wall clock moves it. */
export function machineMonotonicMs(): number {
  return Number(process.hrtime.bigint()) / NS_PER_MS;
}

if (offsetMs !== 0) {
  globalThis.Date = class extends RealDate {
    constructor(...parts: unknown[]) {
      super(...((parts.length === 0 ? [RealDate.now() + offsetMs] : parts) as [number]));
    }

    static override now(): number {
      return RealDate.now() + offsetMs;
    }
  } as DateConstructor;
}
