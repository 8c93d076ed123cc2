import { describe, expect, it } from 'vitest';
import type { ScheduleEvent } from '#src/protocol/contract/observer.js';
import type { LockProvider, Membership, TickLedger } from '#src/protocol/contract/ports.js';
import { guardLedger, guardLocks, guardMembership, guardPorts } from '#src/protocol/ledger/guarded-ports.js';
import { toAnswer } from '#src/protocol/ledger/line-past.js';
import { taskOf } from '../../../support/tasks.js';

const broken = new Error('broken');
const due = { task: taskOf(() => undefined), tick: 1_000, maxLatenessMs: 400 };
const lock = { task: 'settle', value: 'v' };
const claim = { task: 'settle', tick: 1_000, claimId: 'me:1', maxLatenessMs: 400 };

/** Ports of which every method fails in the same way. */
function failing(fail: () => Promise<never>): TickLedger & LockProvider & Membership {
  return {
    ...{ claim: fail, giveBack: fail, peek: fail, prune: fail },
    ...{ tryAcquire: fail, extend: fail, release: fail, keepEnds: fail },
    ...{ beat: fail, leave: fail },
  };
}

describe('a guarded port', () => {
  const events: ScheduleEvent[] = [];
  const observer = { observe: (event: ScheduleEvent) => void events.push(event) };
  const ways: readonly [string, () => Promise<never>][] = [
    ['rejects', () => Promise.reject(broken)],
    [
      'throws at once',
      () => {
        throw broken;
      },
    ],
  ];
  for (const [how, fail] of ways) {
    const port = failing(fail);
    const { ledger, locks, membership } = guardPorts(
      { ledger: port, locks: port, membership: port },
      observer,
    );
    it.each<[where: string, call: () => Promise<unknown> | undefined, noAnswer: unknown]>([
      ['tick ledger: claim', () => ledger.claim([claim]), []],
      ['tick ledger: peek', () => ledger.peek([due, due]), [toAnswer(), toAnswer()]],
      [
        'tick ledger: prune',
        () => ledger.prune?.({ windowMs: 1, restMs: 1 }),
        { pruned: 0, isUnfinished: false },
      ],
      ['giving back', () => ledger.giveBack([claim]), undefined],
      ['lock provider: tryAcquire', () => locks.tryAcquire(['settle'], 3_000), []],
      ['lock provider: extend', () => locks.extend([lock], 3_000), []],
      ['lock provider: release', () => locks.release([lock]), undefined],
      ['lock provider: ends', () => locks.keepEnds?.([]), undefined],
      ['membership: beat', () => membership.beat('me', [due]), undefined],
      ['membership: leave', () => membership.leave('me'), undefined],
    ])(`that ${how} has given no answer, and tells the observer: %s`, async (where, call, noAnswer) => {
      events.length = 0;
      expect(await call()).toEqual(noAnswer);
      expect(events).toEqual([{ type: 'error', error: broken, where }]);
    });
  }

  it('answers every question about a tick in full, also where the adapter leaves some out', async () => {
    const ledger = guardLedger(
      {
        claim: async () => [],
        giveBack: async () => undefined,
        peek: async () => [{ kind: 'open', newest: 900 }],
      },
      observer,
    );
    expect(await ledger.peek([due, due])).toEqual([toAnswer({ kind: 'open', newest: 900 }), toAnswer()]);
    const membership = guardMembership(
      { beat: async () => ({ members: ['me'], peeks: [], nodesAnswering: 3 }), leave: async () => undefined },
      observer,
    );
    expect((await membership.beat('me', [due]))?.peeks).toEqual([toAnswer()]);
  });

  it('can do no more than what is behind it', () => {
    const ledger = guardLedger(
      { claim: async () => [], giveBack: async () => undefined, peek: async () => [] },
      observer,
    );
    expect([ledger.prune, ledger.runsOnce('settle'), ledger.lineOf('settle')]).toEqual([
      undefined,
      false,
      undefined,
    ]);
    const { keepEnds: _, ...withoutEnds } = failing(() => Promise.reject(broken));
    expect(guardLocks(withoutEnds, observer).keepEnds).toBeUndefined();
  });
});

describe('an answer that is none', () => {
  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['a list of nulls', [null, null]],
    ['too short a list', []],
  ])('counts as unknown: %s', async (_, answer) => {
    const observer = { observe: () => undefined };
    const ledger = guardLedger({ peek: async () => answer } as unknown as TickLedger, observer);
    expect(await ledger.peek([due, due])).toEqual([toAnswer(), toAnswer()]);
  });

  it('leaves the answers beside it as they are', async () => {
    const answer = [null, { kind: 'open', newest: 900 }];
    const ledger = guardLedger({ peek: async () => answer } as unknown as TickLedger, {
      observe: () => undefined,
    });
    expect(await ledger.peek([due, due])).toEqual([toAnswer(), toAnswer({ kind: 'open', newest: 900 })]);
  });
});
