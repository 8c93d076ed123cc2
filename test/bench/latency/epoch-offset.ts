const EDGES = 50;

/**
 * Epoch minus the monotonic clock of the machine, ms. `Date.now()` shows whole milliseconds, so it is read at the moment at which it moves
 * on. A process that loses its core in between reads too late, which makes the difference too small: of several the largest counts.
 */
export function epochOffsetMs(): number {
  let bestMs = Number.NEGATIVE_INFINITY;
  for (let edge = 0; edge < EDGES; edge += 1) {
    const before = Date.now();
    while (Date.now() === before);
    bestMs = Math.max(bestMs, Date.now() - Number(process.hrtime.bigint()) / 1e6);
  }
  return bestMs;
}
