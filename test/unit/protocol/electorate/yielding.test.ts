import { expect, it } from 'vitest';
import type { SentBeat } from '#src/protocol/contract/electorate-view.js';
import type { NodeIdentity } from '#src/protocol/contract/node-identity.js';
import { PROVISIONAL_MS } from '#src/protocol/contract/node-set.js';
import type { BeatReply, NodeReply, VotingNode } from '#src/protocol/contract/ports.js';
import { Electorate } from '#src/protocol/electorate/electorate.js';
import { ManualClock } from '#src/testing/manual-clock.js';
import { setOf } from '../../../support/electorate.js';

const SET = setOf(['n1', 'n2', 'n3']);
const OTHER = setOf(['n3', 'n4', 'n5']);
/** For so long a stamp may be put, and for so long after it the instance is shown as alive. */
const STAMP_LIFE_MS = 1_500;

/** An instance whose stamps are sent, and whose answers never come. */
function instance() {
  const clock = new ManualClock();
  let stamps = 0;
  const silent = { answered: false, reason: 'lost' } as const;
  const nodes = SET.positions.map(
    (position) =>
      ({
        position,
        label: position,
        stamp: async () => {
          stamps += 1;
          return silent;
        },
      }) as unknown as VotingNode,
  );
  const electorate = new Electorate({
    nodes,
    set: SET,
    app: 'app',
    clock,
    observer: { observe: () => undefined },
    identityWaitMs: 30_000,
  });
  /** All nodes show the first round of a first start; the last one shows another set as well. */
  const answer = (beat: SentBeat, meets: boolean): Promise<void> => {
    const nowMs = clock.wallMs();
    const identity: NodeIdentity = {
      id: '1.x',
      hasVote: true,
      sinceMs: nowMs - 60_000,
      nowMs,
      noted: {},
      stamp: { set: SET, sinceMs: PROVISIONAL_MS, app: 'app' },
      liveSets: [],
      epoch: 0,
      setBackMs: 0,
    };
    const rival = { set: OTHER, standsSinceMs: 5, instances: 1, app: 'app', yields: false };
    const replies = SET.positions.map(
      (position): NodeReply<BeatReply> =>
        ({
          answered: true,
          nodeTimeMs: nowMs,
          sentMs: 0,
          receivedMs: 0,
          value: {
            members: ['one'],
            ticks: [],
            identity: meets && position === 'n3' ? { ...identity, liveSets: [rival] } : identity,
          },
        }) as NodeReply<BeatReply>,
    );
    electorate.heard(beat, replies);
    return electorate.idle();
  };
  return { clock, electorate, nodes, answer, stampsSent: () => stamps };
}

it('shows that it gives way only by answers that are younger than the last moment of its own stamps', async () => {
  const { clock, electorate, answer, stampsSent } = instance();
  await answer(electorate.sendBeat(), false);
  expect(stampsSent()).toBe(3);
  // Answers to this one were made before the stamps may have been put.
  const before = electorate.sendBeat();
  clock.jump(STAMP_LIFE_MS + 1);
  await answer(before, true);
  expect(electorate.status().condition).toBe('yields');
  const during = electorate.sendBeat();
  expect(during.sign.yields).toBe(false);
  await answer(during, true);
  expect(electorate.sendBeat().sign.yields).toBe(true);
});

it('says for how long nothing has shown another set', async () => {
  const { clock, electorate, answer } = instance();
  expect(electorate.status().undisputedForMs).toBeUndefined();
  await answer(electorate.sendBeat(), true);
  clock.jump(1_000);
  expect(electorate.status().undisputedForMs).toBeUndefined();
});

it('hears no node of ticks while another set goes on: it may have run them', async () => {
  const { clock, electorate, nodes, answer } = instance();
  const [node] = nodes;
  if (node === undefined) throw new Error('no node');
  await answer(electorate.sendBeat(), false);
  expect(electorate.speaksOfTicks(node)).toBe(true);
  const before = electorate.sendBeat();
  clock.jump(STAMP_LIFE_MS + 1);
  await answer(before, true);
  expect(electorate.status().condition).toBe('yields');
  expect(electorate.speaksOfTicks(node)).toBe(false);
});
