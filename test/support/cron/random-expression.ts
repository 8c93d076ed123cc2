import type { SeededRandom } from '#src/testing/seeded-random.js';

/** What the parser of @nestjs/schedule calls its presets. */
export const PRESETS = [
  '@yearly',
  '@monthly',
  '@weekly',
  '@daily',
  '@hourly',
  '@minutely',
  '@secondly',
  '@weekdays',
  '@weekends',
] as const;

/** Zones with half and quarter hours, with half an hour of summer time, across the date line, and ordinary ones. */
export const ZONES = [
  'Europe/Vienna',
  'Europe/London',
  'Europe/Dublin',
  'Europe/Istanbul',
  'America/New_York',
  'America/St_Johns',
  'America/Sao_Paulo',
  'America/Havana',
  'America/Santiago',
  'America/Phoenix',
  'Australia/Lord_Howe',
  'Australia/Adelaide',
  'Australia/Sydney',
  'Pacific/Chatham',
  'Pacific/Apia',
  'Pacific/Kiritimati',
  'Pacific/Auckland',
  'Asia/Kolkata',
  'Asia/Kathmandu',
  'Asia/Tehran',
  'Asia/Beirut',
  'Asia/Gaza',
  'Africa/Casablanca',
  'Africa/Cairo',
  'Antarctica/Troll',
  'UTC',
] as const;

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const DAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

export interface Draw {
  whole(least: number, most: number): number;
  one<T>(of: readonly T[]): T;
  chance(share: number): boolean;
}

export function drawFrom(random: SeededRandom): Draw {
  const whole = (least: number, most: number): number =>
    least + Math.floor(random.next() * (most - least + 1));
  return {
    whole,
    one: (of) => {
      const drawn = of[whole(0, of.length - 1)];
      if (drawn === undefined) throw new Error('nothing to draw from');
      return drawn;
    },
    chance: (share) => random.next() < share,
  };
}

/** Five or six fields with lists, ranges, steps and names, or a preset. */
export function randomExpression(draw: Draw): string {
  if (draw.chance(0.05)) return draw.one(PRESETS);
  const fields = [
    field(draw, 0, 59, 0.2),
    field(draw, 0, 23, 0.4),
    // The 31st of a month without one comes seldom, but it comes.
    field(draw, 1, 31, 0.7),
    named(draw, MONTHS, 1, 0.85),
    named(draw, DAYS, 0, 0.7),
  ];
  return (draw.chance(0.5) ? [field(draw, 0, 59, 0.15), ...fields] : fields).join(' ');
}

function field(draw: Draw, least: number, most: number, shareOfAny: number): string {
  if (draw.chance(shareOfAny)) return '*';
  return Array.from({ length: draw.chance(0.25) ? draw.whole(2, 4) : 1 }, () => term(draw, least, most)).join(
    ',',
  );
}

function term(draw: Draw, least: number, most: number): string {
  const from = draw.whole(least, most);
  const step = draw.whole(1, Math.max(1, Math.floor((most - least) / 2)));
  switch (draw.whole(0, 4)) {
    case 0:
      return `${from}-${draw.whole(from, most)}`;
    case 1:
      return `${from}-${draw.whole(from, most)}/${step}`;
    case 2:
      return `*/${step}`;
    default:
      return String(from);
  }
}

/** A field whose values have names: some of them by name, in either case. */
function named(draw: Draw, names: readonly string[], first: number, shareOfAny: number): string {
  if (draw.chance(shareOfAny)) return '*';
  if (draw.chance(0.5)) return field(draw, first, first + names.length - 1, 0);
  const from = draw.whole(0, names.length - 1);
  const range = `${names[from]}-${names[draw.whole(from, names.length - 1)]}`;
  const text = draw.chance(0.5) ? range : (names[from] ?? '');
  return draw.chance(0.3) ? text.toLowerCase() : text;
}
