import { describe, expect, it } from 'vitest';
import { newestInstant, withClaim } from '#src/protocol/contract/line-past.js';
import type { PeekVerdict } from '#src/protocol/contract/ports.js';
import { answersTo, toAnswer, toPast } from '#src/protocol/ledger/line-past.js';

type ToldPast = Partial<PeekVerdict>;

describe('the past of a task, as a ledger tells it', () => {
  const all = { newest: 5_000, highest: 6_000, highestPossible: 7_000, nodeTimeMs: 8_000 };

  it.each<[string, ToldPast, object]>([
    ['of nothing', {}, { canTell: false, knowsGrants: false, closedUpTo: 0, closedBy: 'nobody' }],
    ['of nothing, as to its clocks', {}, { nodeTimeMs: Number.POSITIVE_INFINITY }],
    ['of a claim', all, { canTell: true, knowsGrants: true, closedUpTo: 5_000, closedBy: 'claim' }],
    ['of grants', all, { grantedUpTo: 6_000, possiblyGrantedUpTo: 7_000, nodeTimeMs: 8_000 }],
    ['of what nodes forgot', { newest: 5_000, isFloor: true }, { closedUpTo: 5_000, closedBy: 'floor' }],
    ['of a new task', { newest: 0, forgottenUpTo: 900 }, { closedUpTo: 900, closedBy: 'nobody' }],
    ['of a task that was pruned', { newest: 0, prunedUpTo: 700 }, { prunedUpTo: 700, closedUpTo: 0 }],
    ['of the newest instant only', { newest: 5_000 }, { knowsGrants: false, possiblyGrantedUpTo: 5_000 }],
    ['of grants only', { highest: 6_000 }, { canTell: false, knowsGrants: true, possiblyGrantedUpTo: 6_000 }],
  ])('is complete, also of a ledger that tells %s', (_, told, expected) => {
    expect(toPast(told)).toMatchObject(expected);
  });

  it('is unknown where a question was not answered', () => {
    expect(toAnswer()).toMatchObject({ kind: 'unknown', past: { canTell: false } });
  });

  it("is each task's own, of however many tasks that are told together", () => {
    const told: readonly (PeekVerdict | null)[] = [
      { kind: 'taken', newest: 900, claimId: 'a:1' },
      { kind: 'taken', newest: 900, claimId: 'b:1' },
      { kind: 'open', newest: 900, setBackMs: 5 },
      { kind: 'open', newest: 900, isFloor: true },
      { kind: 'open', newest: 0, forgottenUpTo: 900 },
      { kind: 'open', newest: 0, prunedUpTo: 900 },
      { kind: 'taken', highest: 900 },
      { kind: 'taken', highest: 900, highestPossible: 950 },
      { kind: 'taken', highest: 900, nodeTimeMs: 950 },
      null,
    ];
    const each = told.map((verdict) => toAnswer(verdict ?? undefined));
    expect(answersTo(told.length + 1, told)).toStrictEqual([...each, toAnswer()]);
  });

  it('ends nowhere for a task that nobody knows, whatever is closed', () => {
    expect(newestInstant(toPast({ newest: 0, forgottenUpTo: 900 }))).toBe(0);
    expect(newestInstant(toPast({ newest: 900 }))).toBe(900);
  });

  it('takes in a claim that the ledger does not show yet, and opens nothing that is closed', () => {
    expect(withClaim(toPast({ newest: 500 }), 700)).toMatchObject({ closedUpTo: 700, closedBy: 'claim' });
    const forgotten = toPast({ newest: 0, forgottenUpTo: 900 });
    expect(withClaim(forgotten, 700)).toMatchObject({ closedUpTo: 900, closedBy: 'floor' });
  });
});
