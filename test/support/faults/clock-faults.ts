/**
 * Wall clocks that step, run at a wrong rate or stand still, of servers and replicas alike. Monotonic clocks stay
 * true. What such a replica writes into a record is still true too: `realNowMs` of the demo follows its monotonic clock,
 * if its wall clock was true when it started.
 */

import type { ClockShim } from '../clock-shim/clock-shim.js';
import type { RedisServer } from '../redis-server.js';
import type { Replica } from '../replica.js';
import { type Fault, faultOf, sleepMs } from './fault.js';
import { probe } from './redis-probe.js';
import type { ReplicaClock } from './replica-clock.js';

export interface ClockBearer {
  readonly name: string;
  readonly shim: ClockShim;
  /** What its clock shows, epoch ms, asked of the process itself. */
  readonly readMs: () => Promise<number>;
}

export type ClockChange = { readonly stepMs: number } | { readonly rate: number } | { readonly frozen: true };

/** A server that was started with `{ env: shim.env() }`. */
export function clockOfServer(server: RedisServer, shim: ClockShim): ClockBearer {
  const readMs = (): Promise<number> =>
    probe(server, async (client) => {
      const [seconds, micros] = await client.time();
      return Number(seconds) * 1_000 + Number(micros) / 1_000;
    });
  return { name: `redis ${server.port}`, shim, readMs };
}

/** A replica that was started with `clock.env()`. */
export function clockOfReplica(replica: Replica, clock: ReplicaClock): ClockBearer {
  return { name: replica.name, shim: clock.shim, readMs: async () => (await clock.read(replica)).wallMs };
}

/** Healing sets it right at once: one more step. */
export function clockChanged(bearer: ClockBearer, change: ClockChange): Fault {
  return faultOf({
    name: `clock of ${bearer.name} ${describe(change)}`,
    strike: async () => {
      apply(bearer.shim, change);
      // A rate shows only with time.
      if (!('stepMs' in change)) await sleepMs(RATE_SHOWS_AFTER_MS);
      return await requireShown(bearer);
    },
    heal: async () => {
      bearer.shim.setOffset(0);
      await requireShown(bearer);
    },
  });
}

const RATE_SHOWS_AFTER_MS = 200;
const READING_ERROR_MS = 2;

function apply(shim: ClockShim, change: ClockChange): void {
  if ('stepMs' in change) shim.step(change.stepMs);
  else if ('rate' in change) shim.setRate(change.rate);
  else shim.freeze();
}

async function requireShown({ name, shim, readMs }: ClockBearer): Promise<string> {
  const earliestMs = shim.nowMs() - READING_ERROR_MS;
  const shownMs = await readMs();
  const latestMs = shim.nowMs() + READING_ERROR_MS;
  if (shownMs < earliestMs || shownMs > latestMs) {
    throw new Error(`${name} shows ${shownMs}, which is not from ${earliestMs} to ${latestMs}`);
  }
  const aheadMs = Math.round(shownMs - Date.now());
  return `${name} shows ${Math.abs(aheadMs)} ms ${aheadMs < 0 ? 'less' : 'more'} than the machine`;
}

function describe(change: ClockChange): string {
  if ('stepMs' in change) return `stepped by ${change.stepMs} ms`;
  return 'rate' in change ? `at rate ${change.rate}` : 'frozen';
}
