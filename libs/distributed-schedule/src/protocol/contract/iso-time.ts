/** The last instant that a Date can hold. */
const LAST_MS = 8.64e15;

/**
 * An instant in UTC, such as `2026-11-30T03:00:00.000Z`. What no Date can hold is shown as the number that it is: an instant out of a
 * record of somebody else must not make a log line, or a health check, throw.
 */
export function isoTime(epochMs: number): string {
  return Math.abs(epochMs) <= LAST_MS ? new Date(epochMs).toISOString() : `${epochMs} ms`;
}
