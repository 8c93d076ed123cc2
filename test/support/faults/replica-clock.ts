import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ClockShim } from '../clock-shim/clock-shim.js';
import { temporaryFolder } from '../leftovers.js';
import type { Replica } from '../replica.js';
import { eventually } from './fault.js';

const WITNESS = new URL('./clock-witness.mjs', import.meta.url);

/** What `build` lacks when it resolves to undefined. */
export const CLOCK_UNAVAILABLE = 'no clock shim: it needs Linux, a C compiler and LD_PRELOAD';

/** What a process shows, by its own words. */
export interface ClockReading {
  readonly wallMs: number;
  readonly monotonicMs: number;
}

/** The wall clock of one replica, in the hands of the test. */
export class ReplicaClock {
  private readonly file = join(temporaryFolder('replica-clock'), 'reading.json');

  private constructor(readonly shim: ClockShim) {}

  static async build(): Promise<ReplicaClock | undefined> {
    const shim = await ClockShim.build();
    return shim === undefined ? undefined : new ReplicaClock(shim);
  }

  /** For `Replica.start`. A clock that is wrong from the start is one that is changed before it. */
  env(): Record<string, string> {
    const env = {
      ...this.shim.env({}),
      CLOCK_WITNESS_FILE: this.file,
      NODE_OPTIONS: `--import=${WITNESS.href}`,
    };
    return Object.fromEntries(Object.entries(env).map(([name, value]) => [name, value ?? '']));
  }

  async read(replica: Replica): Promise<ClockReading> {
    rmSync(this.file, { force: true });
    process.kill(replica.pid, 'SIGWINCH');
    await eventually(`${replica.name} reads its clocks`, () => existsSync(this.file));
    return JSON.parse(readFileSync(this.file, 'utf8')) as ClockReading;
  }

  close(): void {
    this.shim.close();
  }
}
