/** What the nemesis of the counter test does. Each hazard resolves to whether it was seen to take effect. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '#src/protocol/contract/ports.js';
import type { LinkRules } from '../../support/faults/link-rules.js';
import type { ProxyLink } from '../../support/faults/tcp-proxy.js';
import type { CounterScene, Slot } from './counter-scene.js';
import { TAKEOVER_MS } from './once-plan.js';

export interface Hazard {
  readonly kind: string;
  readonly strike: (scene: CounterScene, slot: Slot, random: Random) => Promise<boolean>;
}

const AIM_WITHIN_MS = 1_500;
const MIN_MS = 200;
/** Longer than the server's patience with a silent client. */
const MAX_MS = 2 * TAKEOVER_MS;
const DOWN_MS = 700;

const HOLD: LinkRules = { requests: { hold: true }, replies: { hold: true } };
const DROP: LinkRules = { requests: { drop: true }, replies: { drop: true } };
const DEAF: LinkRules = { replies: { drop: true } };

const KILLED: Hazard = {
  kind: 'killed in an effect',
  strike: async (scene, slot, random) => {
    await slot.replica.nextEffect(AIM_WITHIN_MS);
    const isDead = await slot.replica.kill();
    await sleep(random.next() * DOWN_MS);
    await scene.restart(slot);
    return isDead;
  },
};

const STOPPED: Hazard = {
  kind: 'stopped in an effect',
  strike: async (_, slot, random) => {
    await slot.replica.nextEffect(AIM_WITHIN_MS);
    const isStill = slot.replica.stop();
    await sleep(durationMs(random));
    slot.replica.resume();
    return isStill;
  },
};

export const HAZARDS: readonly Hazard[] = [
  KILLED,
  KILLED,
  STOPPED,
  STOPPED,
  partition('cut off from PostgreSQL, all of it arrives later', HOLD, toPostgres),
  partition('cut off from PostgreSQL, connections lost', DROP, toPostgres),
  partition('deaf for PostgreSQL: it acts, and the answers are lost', DEAF, toPostgres),
  partition('cut off from the masters', HOLD, toMasters),
  {
    kind: 'connections to PostgreSQL reset',
    strike: async (_, slot) => {
      await slot.replica.nextEffect(AIM_WITHIN_MS);
      return (await slot.postgresLink.reset()) > 0;
    },
  },
  {
    kind: 'transactions ended by the server',
    strike: async ({ postgres }, slot) => {
      await slot.replica.nextEffect(AIM_WITHIN_MS);
      const sql =
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle in transaction'";
      // The other string of faults may have killed the server just now.
      const ended = await postgres
        .pool({ max: 1 })
        .query(sql)
        .catch(() => undefined);
      return (ended?.rowCount ?? 0) > 0;
    },
  },
  {
    kind: 'PostgreSQL killed and restarted',
    strike: async (scene, slot) => {
      await slot.replica.nextEffect(AIM_WITHIN_MS);
      return scene.restartPostgres();
    },
  },
];

function partition(kind: string, rules: LinkRules, linksOf: (slot: Slot) => readonly ProxyLink[]): Hazard {
  return {
    kind,
    strike: async (_, slot, random) => {
      await slot.replica.nextEffect(AIM_WITHIN_MS);
      const links = linksOf(slot);
      await Promise.all(links.map((link) => link.set(rules)));
      await sleep(durationMs(random));
      const counters = await Promise.all(links.map((link) => link.counters()));
      await Promise.all(links.map((link) => link.set({})));
      return counters.some(({ heldBytes, droppedBytes }) => heldBytes + droppedBytes > 0);
    },
  };
}

function toPostgres({ postgresLink }: Slot): readonly ProxyLink[] {
  return [postgresLink];
}

function toMasters({ redisLinks }: Slot): readonly ProxyLink[] {
  return redisLinks;
}

function durationMs(random: Random): number {
  return MIN_MS + random.next() * (MAX_MS - MIN_MS);
}
