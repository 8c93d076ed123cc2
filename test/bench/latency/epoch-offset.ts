/**
 * Epoch minus the monotonic clock of the machine, ms. `Date.now()` shows whole milliseconds, so it is read at the moment at which it moves
 * on; the best of a few, since the process may lose its core in between.
 */
export function epochOffsetMs(): number {
  let least = Number.POSITIVE_INFINITY;
  for (let edge = 0; edge < EDGES; edge += 1) {
    const before = Date.now();
    while (Date.now() === before);
    // A moment too late makes it too small, never too large: of several the largest would be the best, were it not for steps of the clock.
    const offsetMs = Date.now() - Number(process.hrtime.bigint()) / 1e6;
    least = edge === 0 ? offsetMs : Math.max(least, offsetMs);
  }
  return least;
}

const EDGES = 50;
