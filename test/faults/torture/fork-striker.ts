/** Leads some replicas to another server of a node's name right after a grant: the old one lives on with the others. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { ProxyLink } from '../../support/faults/tcp-proxy.js';
import type { Master } from './master.js';
import { majorityOf, type StrikerParts } from './striker.js';

const GAP_MS = [150, 600] as const;
/** Some turn back at once, others stay until the new server votes. */
const STAY_MS = [50, 3_000] as const;
const AIM_WITHIN_MS = 2_000;
/** So often whoever is led away does not reach one of the other nodes either, which then hears nothing of the new server. */
const UNHEARD_SHARE = 1 / 2;
const UNHEARD = { requests: { hold: true } } as const;

export interface ForkParts extends StrikerParts {
  /** The other server of each name. */
  readonly twins: readonly Master[];
  /** By replica and node. */
  readonly ways: readonly (readonly ProxyLink[])[];
}

export async function leadElsewhereOnGrants(parts: ForkParts): Promise<void> {
  const { set, masters, votes, random, stopped } = parts;
  const pick = <Item>(items: readonly Item[]): Item | undefined =>
    items[Math.floor(random.next() * items.length)];
  const pause = ([least, most]: readonly [number, number]): Promise<unknown> =>
    sleep(least + random.next() * (most - least), undefined, { signal: stopped }).catch(() => undefined);
  while (!stopped.aborted) {
    await pause(GAP_MS);
    const grant = await votes.nextGrant(set, majorityOf(masters), AIM_WITHIN_MS);
    const node = grant === undefined ? undefined : pick(grant.nodes);
    if (node === undefined || stopped.aborted) continue;
    const moved = pick(parts.ways) ?? [];
    const unheard =
      random.next() < UNHEARD_SHARE ? pick(moved.filter((_, index) => index !== node)) : undefined;
    await unheard?.set(UNHEARD);
    await lead(parts, node, moved);
    await pause(STAY_MS);
    await leadBack(parts, node);
    await unheard?.set({});
  }
}

/** One replica goes to the other server, and what connects anew meanwhile as well. */
async function lead(
  { set, twins, ways, onLoss }: ForkParts,
  node: number,
  moved: readonly ProxyLink[],
): Promise<void> {
  const [twin, link] = [twins[node], moved[node]];
  if (twin === undefined || link === undefined)
    throw new Error(`${set} has no other server for node ${node}`);
  const atMs = Date.now();
  await Promise.all(ways.map((ofReplica) => ofReplica[node]?.aim(twin.url)));
  const count = await link.reset();
  if (count === 0) return;
  onLoss({ set, node, kind: 'led to another server', atMs, backAtMs: Date.now() });
}

async function leadBack({ ways }: ForkParts, node: number): Promise<void> {
  const links = ways.flatMap((ofReplica) => ofReplica[node] ?? []);
  await Promise.all(links.map((link) => link.aim(link.targetUrl)));
  const counters = await Promise.all(links.map((link) => link.counters()));
  const away = links.filter((_, index) => (counters[index]?.formerConnections ?? 0) > 0);
  await Promise.all(away.map((link) => link.reset()));
}
