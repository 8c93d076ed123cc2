const DAY_MS = 86_400_000;
const STEP_MS = 6 * 3_600_000;

/** The instants at which a zone turns its clocks, to the second; found by bisection in what Intl knows of it. */
export function zoneChanges(zone: string, fromMs: number, untilMs: number): readonly number[] {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
  const offsetAt = (epochMs: number): string | undefined =>
    format.formatToParts(epochMs).find((part) => part.type === 'timeZoneName')?.value;
  const changes: number[] = [];
  for (let start = fromMs; start < untilMs; start += DAY_MS) {
    for (let from = start; from < start + DAY_MS; from += STEP_MS) {
      if (offsetAt(from) === offsetAt(from + STEP_MS)) continue;
      let [before, after] = [from, from + STEP_MS];
      while (after - before > 1_000) {
        const middle = Math.floor((before + after) / 2_000) * 1_000;
        if (offsetAt(middle) === offsetAt(from)) before = middle;
        else after = middle;
      }
      changes.push(after);
    }
  }
  return changes;
}
