/** Many cron tasks that differ, as customers of one app have them. */

import type { RuntimeTask } from 'nestjs-distributed-schedule';

const SHAPES: readonly ((index: number) => string)[] = [
  (index) => `${index % 60} ${index % 24} * * *`,
  (index) => `${index % 30}/10 * * * *`,
  (index) => `${index % 60} * * * *`,
  (index) => `${index % 60} ${index % 24} * * 1-5`,
  (index) => `${index % 60} ${index % 24} ${1 + (index % 28)} * *`,
];
const ZONES = ['Europe/Berlin', 'America/New_York', 'UTC'];

/** An expression of five shapes in turn, in three zones. */
export function cronOf(index: number): { readonly cron: string; readonly timeZone: string } {
  const shape = SHAPES[index % SHAPES.length] as (index: number) => string;
  return { cron: shape(index), timeZone: ZONES[index % ZONES.length] as string };
}

export function addedTask(index: number, runs: string): RuntimeTask {
  return { name: `customer ${index}`, runs, ...cronOf(index) };
}
