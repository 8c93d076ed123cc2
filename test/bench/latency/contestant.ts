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
  /** Empty for contestants that need no PostgreSQL. */
  readonly postgresUrl: string;
  /** Epoch minus monotonic time in ms, measured once: all processes of a machine share the monotonic clock. */
  readonly epochOffsetMs: number;
  /** Whether it says how late its event loop is. */
  readonly watchesLoop?: boolean;
}

/** To be called first thing by the handler of task `index`, with the second that it is told to run for, epoch ms, if it is. */
export type Ran = (index: number, tick?: number) => void;

export interface Contestant {
  /** Resolves when its tasks are scheduled. */
  start(entry: Entry, ran: Ran): Promise<void>;
}

/** Where it keeps what its processes share. */
export type Needs = 'nothing' | 'one redis' | 'three redis' | 'postgres';

export interface Known {
  readonly name: string;
  /** What it is and how it is configured, in one line. */
  readonly about: string;
  readonly needs: Needs;
  /** Each process runs every tick, by design. */
  readonly isLocal?: true;
  /** How long it may still start ticks of the last second after that has ended. It tells which second they belong to. */
  readonly graceMs?: number;
  readonly load: () => Promise<Contestant>;
}

/** What a team could pick as well, but not for a task of every second. */
export interface Unable {
  readonly name: string;
  readonly why: string;
}
