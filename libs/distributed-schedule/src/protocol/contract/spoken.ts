/** How long something lasts, for people: `45 s`, `1 min 30 s`, `12 min`, `1 h 5 min`. */
export function spoken(durationMs: number): string {
  const seconds = Math.round(durationMs / 1_000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 600) return twoUnits(seconds, 60, 'min', 's');
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : twoUnits(minutes, 60, 'h', 'min');
}

function twoUnits(amount: number, perLarge: number, large: string, small: string): string {
  const rest = amount % perLarge;
  return `${Math.floor(amount / perLarge)} ${large}${rest === 0 ? '' : ` ${rest} ${small}`}`;
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const;

/** A period in the largest unit that has it as a whole number: 5000 is `5 s`, and 1500 stays `1500 ms`. */
export function wholePeriod(periodMs: number): string {
  const [unit, unitMs] = UNITS.find(([, ms]) => periodMs > 0 && periodMs % ms === 0) ?? (['ms', 1] as const);
  return `${periodMs / unitMs} ${unit}`;
}
