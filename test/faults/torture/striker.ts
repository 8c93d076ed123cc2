/** Takes away the memory of masters, each time right after a grant: that is when forgetting doubles a tick. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '#src/protocol/contract/ports.js';
import type { LossKind, Master } from './master.js';
import type { FreshGrant, VoteBook } from './vote-book.js';

/** A node abstains for a second after a loss: faster than this, and no majority would ever vote. */
const MIN_GAP_MS = 400;
const MAX_GAP_MS = 1_100;
/** Two at a time are followed by silence: nobody has a majority. */
const PAIR_SHARE = 0.3;
const PAIR_GAP_MS = 500;
/** Some blows fall on the first grant of a tick, most on a claim that has just won. */
const FIRST_GRANT_SHARE = 0.3;
const AIM_WITHIN_MS = 2_000;
/** How far clocks step, forth and back: less than MARGIN, which is what the protocol assumes. */
const STEP_MS = 780;
const STEP_GAP_MS = 1_500;

/** One loss of memory, as it was seen. */
export interface Loss {
  readonly set: string;
  readonly node: number;
  readonly kind: LossKind;
  /** Wall clock: when the blow was given, and when the server answered again. */
  readonly atMs: number;
  readonly backAtMs: number;
}

export interface StrikerParts {
  readonly set: string;
  readonly masters: readonly Master[];
  readonly votes: VoteBook;
  readonly random: Random;
  readonly stopped: AbortSignal;
  readonly onLoss: (loss: Loss) => void;
}

/** Strikes one or two masters at a time until it is stopped. Rejects when a fault took no effect. */
export async function strikeOnGrants(parts: StrikerParts): Promise<void> {
  const { set, masters, votes, random, stopped } = parts;
  while (!stopped.aborted) {
    const blow = pickBlow(random);
    const isPair = random.next() < PAIR_SHARE;
    const leastNodes = random.next() < FIRST_GRANT_SHARE ? 1 : majorityOf(masters);
    await pause(MIN_GAP_MS, stopped);
    if (blow.needsFile) await Promise.all(masters.map((master) => master.backUp()));
    await pause(random.next() * (MAX_GAP_MS - MIN_GAP_MS), stopped);
    const grant = await votes.nextGrant(set, leastNodes, AIM_WITHIN_MS);
    if (grant === undefined || stopped.aborted) continue;
    const victims = victimsOf(grant, masters.length, random).slice(0, isPair ? 2 : 1);
    await Promise.all(victims.map((node) => strike(parts, node, blow.deal)));
    if (isPair) await pause(PAIR_GAP_MS, stopped);
  }
}

/** Restarts all masters at once, empty, with their clocks stepped forth or back. */
export async function stepClocksOnGrants(parts: StrikerParts): Promise<void> {
  const { set, masters, votes, stopped } = parts;
  let aheadMs = 0;
  while (!stopped.aborted) {
    await pause(STEP_GAP_MS, stopped);
    const grant = await votes.nextGrant(set, majorityOf(masters), AIM_WITHIN_MS);
    if (grant === undefined || stopped.aborted) continue;
    aheadMs = STEP_MS - aheadMs;
    const deal = (master: Master): Promise<LossKind> => master.restartWithClock(aheadMs);
    await Promise.all(masters.map((_, node) => strike(parts, node, deal)));
  }
}

interface Blow {
  readonly needsFile: boolean;
  /** Answers what was lost, if anything was. */
  readonly deal: (master: Master) => Promise<LossKind | undefined>;
}

const BLOWS: readonly [Blow, ...Blow[]] = [
  { needsFile: false, deal: (master) => master.loseLedger() },
  { needsFile: false, deal: (master) => master.restartEmpty() },
  { needsFile: true, deal: (master) => master.restartWithOlderFile() },
];

function pickBlow(random: Random): Blow {
  return BLOWS[Math.floor(random.next() * BLOWS.length)] ?? BLOWS[0];
}

async function strike(parts: StrikerParts, node: number, deal: Blow['deal']): Promise<void> {
  const master = parts.masters[node];
  if (master === undefined) throw new Error(`${parts.set} has no node ${node}`);
  const atMs = Date.now();
  const kind = await deal(master);
  if (kind !== undefined) parts.onLoss({ set: parts.set, node, kind, atMs, backAtMs: Date.now() });
}

/** First the nodes that hold the grant: the loss of any other forgets nothing of it. */
function victimsOf(grant: FreshGrant, nodes: number, random: Random): readonly number[] {
  const older = grant.nodes.filter((node) => node !== grant.node);
  const others = Array.from({ length: nodes }, (_, node) => node).filter(
    (node) => !grant.nodes.includes(node),
  );
  // Sometimes the vote that made the majority, sometimes one that was there before.
  const holders = random.next() < 1 / 2 ? [grant.node, ...older] : [...older, grant.node];
  return [...holders, ...others];
}

export function majorityOf(masters: readonly Master[]): number {
  return Math.floor(masters.length / 2) + 1;
}

async function pause(forMs: number, stopped: AbortSignal): Promise<void> {
  await sleep(forMs, undefined, { signal: stopped }).catch(() => undefined);
}
