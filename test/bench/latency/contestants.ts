/** Who takes part. Each is loaded on its own, so that no process loads the packages of another. */

import type { Known, Unable } from './contestant.js';

export const CONTESTANTS: readonly Known[] = [
  {
    name: 'ours',
    about: 'this library with its defaults: `@EverySecondExclusive()` methods of a Nest app, three masters',
    needs: 'three redis',
    load: async () => (await import('./contestants/ours.js')).OURS,
  },
  {
    name: '@nestjs/schedule alone',
    about: '`@Cron` methods of a Nest app without any coordination, so every process runs every tick',
    needs: 'nothing',
    isLocal: true,
    load: async () => (await import('./contestants/nest-schedule.js')).NEST_SCHEDULE,
  },
  {
    name: 'croner alone',
    about: 'the best local timer: what a process does that asks nobody, so every process runs every tick',
    needs: 'nothing',
    isLocal: true,
    load: async () => (await import('./contestants/croner.js')).CRONER,
  },
  {
    name: 'redlock released',
    about:
      '`@Cron` methods that acquire a redlock of 900 ms without retries, run, and release it; three masters',
    needs: 'three redis',
    load: async () => (await import('./contestants/redlock.js')).RELEASED,
  },
  {
    name: 'redlock never released',
    about: 'the same without the release, so that the lock outlives the clocks of the other processes',
    needs: 'three redis',
    load: async () => (await import('./contestants/redlock.js')).NEVER_RELEASED,
  },
  {
    name: 'node-cron distributed',
    about: 'the option `distributed` with the coordinator of its documentation: `SET NX PX` on one Redis',
    needs: 'one redis',
    graceMs: 1_000,
    load: async () => (await import('./contestants/node-cron.js')).NODE_CRON,
  },
  {
    name: 'BullMQ job schedulers',
    about:
      'a job scheduler per task and a worker per process, as many jobs at a time as there are tasks; one Redis',
    needs: 'one redis',
    graceMs: 1_000,
    load: async () => (await import('./contestants/bullmq.js')).BULLMQ,
  },
  {
    name: 'DBOS schedules',
    about:
      'a schedule per task that starts a workflow, with its defaults but for smaller pools; one PostgreSQL without `fsync`',
    needs: 'postgres',
    // Each schedule waits by up to a tenth of its period, and then in a queue that is polled every second.
    graceMs: 2_000,
    load: async () => (await import('./contestants/dbos.js')).DBOS_SCHEDULES,
  },
  {
    name: 'floor: raw claims before the second',
    about:
      'one script per master that claims the next second of all tasks 60 ms before it, and a timer that spins its last 2 ms; no lock, no audit',
    needs: 'three redis',
    load: async () => (await import('./contestants/raw-claim.js')).RAW_CLAIM,
  },
];

export const UNABLE: readonly Unable[] = [
  {
    name: 'pg-boss',
    why: 'a schedule sends at most one job a minute: pg-boss 10 to 12 files what is due under a key of 60 s',
  },
];

export function requireContestant(name: string): Known {
  const known = CONTESTANTS.find((one) => one.name === name);
  if (known === undefined)
    throw new Error(`no contestant '${name}'; there are ${CONTESTANTS.map((one) => one.name).join(', ')}`);
  return known;
}
