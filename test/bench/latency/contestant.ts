/** What takes part in the benchmark: something that runs tasks at every full second, in one of several processes. */

/** What a process of a fleet is told. */
export interface Entry {
  readonly contestant: string;
  /** Of the process, from 0. */
  readonly index: number;
  readonly instances: number;
  readonly tasks: number;
  /** Of the round, so that no round meets keys of the one before. */
  readonly namespace: string;
  readonly redisUrls: readonly string[];
  /** Epoch minus monotonic time in ms, measured once: all processes of a machine share the monotonic clock. */
  readonly epochOffsetMs: number;
}

/** To be called first thing by the handler of task `index`. */
export type Ran = (index: number) => void;

export interface Contestant {
  /** Resolves when its tasks are scheduled. */
  start(entry: Entry, ran: Ran): Promise<void>;
}

/** Where it keeps what its processes share. */
export type Needs = 'nothing' | 'one redis' | 'three redis';

export interface Known {
  readonly name: string;
  readonly needs: Needs;
  /** Each process runs every tick, by design. */
  readonly isLocal?: true;
  readonly load: () => Promise<Contestant>;
}

/** One of `./contestants`, each on its own, so that no process loads the packages of another. */
export const CONTESTANTS: readonly Known[] = [
  { name: 'ours', needs: 'three redis', load: async () => (await import('./contestants/ours.js')).OURS },
  {
    name: '@nestjs/schedule alone',
    needs: 'nothing',
    isLocal: true,
    load: async () => (await import('./contestants/nest-schedule.js')).NEST_SCHEDULE,
  },
  {
    name: 'croner alone',
    needs: 'nothing',
    isLocal: true,
    load: async () => (await import('./contestants/croner.js')).CRONER,
  },
  {
    name: 'redlock, released',
    needs: 'three redis',
    load: async () => (await import('./contestants/redlock.js')).RELEASED,
  },
  {
    name: 'redlock, never released',
    needs: 'three redis',
    load: async () => (await import('./contestants/redlock.js')).NEVER_RELEASED,
  },
  {
    name: 'node-cron distributed',
    needs: 'one redis',
    load: async () => (await import('./contestants/node-cron.js')).NODE_CRON,
  },
  {
    name: 'BullMQ job schedulers',
    needs: 'one redis',
    load: async () => (await import('./contestants/bullmq.js')).BULLMQ,
  },
  {
    name: 'floor: raw claims before the second',
    needs: 'three redis',
    load: async () => (await import('./contestants/raw-claim.js')).RAW_CLAIM,
  },
];

export function requireContestant(name: string): Known {
  const known = CONTESTANTS.find((one) => one.name === name);
  if (known === undefined)
    throw new Error(`no contestant '${name}'; there are ${CONTESTANTS.map((one) => one.name).join(', ')}`);
  return known;
}
