/** A replica's process dies, stands still, or hurts itself. */

import type { Replica } from '../replica.js';
import { eventually, type Fault, faultOf, staysSilent } from './fault.js';

const SILENCE_MS = 150;
const DEATH_WITHIN_MS = 60_000;
const LIVE = '/health/live';

/** Environment of a replica whose heap is full soon. */
export const SMALL_HEAP_ENV = { NODE_OPTIONS: '--max-old-space-size=96' } as const;

/** kill -9. Nothing heals it: start another replica. */
export function killed(replica: Replica): Fault {
  return faultOf({
    name: `${replica.name} killed`,
    strike: async () => {
      await replica.kill('SIGKILL');
      requireDead(replica);
      return `process ${replica.pid} ended by SIGKILL`;
    },
  });
}

/** SIGTERM, as in a deploy. */
export function terminated(replica: Replica): Fault {
  return faultOf({
    name: `${replica.name} terminated`,
    strike: async () => {
      const code = await replica.kill('SIGTERM');
      requireDead(replica);
      return `process ${replica.pid} ended with code ${code}`;
    },
  });
}

/** SIGSTOP: its sockets stay open, its timers are late when it wakes. */
export function stopped(replica: Replica): Fault {
  return faultOf({
    name: `${replica.name} stopped`,
    strike: async () => {
      replica.pause();
      return await untilSilent(replica);
    },
    heal: async () => {
      replica.resume();
      await untilAnswers(replica);
    },
  });
}

/** The event loop does not turn for `forMs`, which is more than it takes to see that (half a second). */
export function loopBlocked(replica: Replica, forMs: number): Fault {
  return faultOf({
    name: `event loop of ${replica.name} blocked`,
    strike: async () => {
      replica.command({ type: 'block', forMs });
      return await untilSilent(replica, forMs);
    },
    heal: () => untilAnswers(replica, forMs + 5_000),
  });
}

/** V8 aborts the process. Soon, if it was started with {@link SMALL_HEAP_ENV}. */
export function heapExhausted(replica: Replica): Fault {
  return faultOf({
    name: `heap of ${replica.name} exhausted`,
    strike: async () => {
      replica.command({ type: 'exhaust memory' });
      await eventually('its end', () => !replica.isAlive, DEATH_WITHIN_MS);
      await eventually('its last words', () => replica.log().includes('heap out of memory'));
      return `process ${replica.pid} ended: heap out of memory`;
    },
  });
}

async function untilSilent(replica: Replica, withinMs?: number): Promise<string> {
  await eventually(`${replica.name} is silent`, () => staysSilent(replica.get(LIVE), SILENCE_MS), withinMs);
  return `GET ${LIVE} unanswered for ${SILENCE_MS} ms`;
}

async function untilAnswers(replica: Replica, withinMs?: number): Promise<void> {
  if (!replica.isAlive) return;
  await eventually(`${replica.name} answers`, async () => (await replica.get(LIVE)).status === 200, withinMs);
}

function requireDead(replica: Replica): void {
  if (replica.isAlive) throw new Error(`process ${replica.pid} is alive`);
}
