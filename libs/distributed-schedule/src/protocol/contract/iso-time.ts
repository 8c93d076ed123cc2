/** The last instant that a Date can hold. */
const LAST_MS = 8.64e15;

/** UTC, such as `2026-11-30T03:00:00.000Z`; else the plain number, as a bad record must not make a log line throw. */
export function isoTime(atMs: number): string {
  return Math.abs(atMs) <= LAST_MS ? new Date(atMs).toISOString() : `${atMs} ms`;
}
