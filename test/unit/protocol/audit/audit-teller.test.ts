import { describe, expect, it } from 'vitest';
import type { AuditParts, Recheck } from '#src/protocol/audit/audit-source.js';
import { AuditTeller } from '#src/protocol/audit/audit-teller.js';
import { AuditTurns } from '#src/protocol/audit/audit-turns.js';
import type { AuditFinding } from '#src/protocol/contract/audit-finding.js';
import { rankOf } from '#src/protocol/members/ranking.js';
import { idle } from './audit-stage.js';

const MEMBERS = ['a', 'b', 'c'];
const TICK = 1_000_000;
const TTL_MS = 3_000;

const finding: AuditFinding = {
  ...{ task: idle.name, tick: TICK, ticks: 1, outcome: 'missed', cause: 'no_majority' },
  ...{ detail: 'no bid found a majority', certain: true, instanceId: 'a' },
};

/** Who of all members tells the finding at once. */
function tellers(sinceMsOf: (id: string) => number | undefined, task = idle): readonly string[] {
  const telling: string[] = [];
  for (const instanceId of MEMBERS) {
    const parts = {
      instanceId,
      hasQuorum: () => true,
      members: () => MEMBERS,
      options: { leaseTtlMs: TTL_MS },
      clusterClock: { nowMs: () => TICK + 1_000 },
      directory: { sinceMsOf, hasTold: () => false, noteTold: () => undefined },
    } as unknown as AuditParts;
    const teller = new AuditTeller(
      parts,
      new AuditTurns(parts, { taskOf: () => task }),
      () => telling.push(instanceId),
      () => undefined,
    );
    teller.take(finding, TICK + 1_000);
  }
  return telling;
}

function inRank(rank: number): string {
  return MEMBERS.find((id) => rankOf(idle.name, id, MEMBERS) === rank) ?? '';
}

describe('of several that found a missed tick', () => {
  it('the first in rank tells it', () => {
    expect(tellers(() => 0)).toEqual([inRank(0)]);
  });

  it('the next one does while the first has come too late to watch that tick', () => {
    const justInTime = TICK - TTL_MS - 2_000;
    const since = (ms: number) => (id: string) => (id === inRank(0) ? ms : 0);
    expect(tellers(since(justInTime))).toEqual([inRank(0)]);
    expect(tellers(since(justInTime + 1))).toEqual([inRank(1)]);
    expect(tellers((id) => (id === inRank(0) ? undefined : 0))).toEqual([inRank(1)]);
  });

  it('the first in rank does where all have come too late', () => {
    expect(tellers(() => TICK)).toEqual([inRank(0)]);
    expect(tellers(() => undefined)).toEqual([inRank(0)]);
  });
});

describe('what is held for another one to tell', () => {
  const HELD = 700;
  const REVIEW_MS = 500;
  const ASK_AGAIN_MS = 2_000;

  /** Of the second in rank, which has found many ticks missed, and whose first in rank has just gone. */
  function held(answer: (index: number) => boolean | undefined) {
    const instanceId = inRank(1);
    let [nowMs, members] = [TICK + 1_000, MEMBERS];
    const [told, retracted, asked]: [number[], number[], number[]] = [[], [], []];
    const parts = {
      instanceId,
      hasQuorum: () => true,
      members: () => members,
      options: { leaseTtlMs: TTL_MS },
      clusterClock: { nowMs: () => nowMs },
      directory: { sinceMsOf: () => 0, hasTold: () => false, noteTold: () => undefined },
    } as unknown as AuditParts;
    const areStillSo = async (subjects: readonly number[]): Promise<readonly (boolean | undefined)[]> => {
      asked.push(subjects.length);
      return subjects.map(answer);
    };
    const tickOf = (list: number[]) => (one: AuditFinding) => void list.push(one.tick - TICK);
    const teller = new AuditTeller(
      parts,
      new AuditTurns(parts, { taskOf: () => idle }),
      tickOf(told),
      tickOf(retracted),
    );
    for (let index = 0; index < HELD; index += 1)
      teller.take({ ...finding, tick: TICK + index }, nowMs, { subject: index, areStillSo } as Recheck);
    members = MEMBERS.filter((id) => id !== inRank(0));
    const reviewIn = async (ms: number): Promise<void> => {
      nowMs += ms;
      await teller.review(nowMs);
    };
    return { told, retracted, asked, reviewIn };
  }

  it('is asked about with one question for hundreds, and by the next review for the rest', async () => {
    const { told, retracted, asked, reviewIn } = held((index) => index % 2 === 0);
    await reviewIn(REVIEW_MS);
    expect(asked).toEqual([500]);
    await reviewIn(REVIEW_MS);
    expect(asked).toEqual([500, 200]);
    expect(told.length).toBe(HELD / 2);
    expect(retracted.length).toBe(HELD / 2);
    expect(told.every((index) => index % 2 === 0)).toBe(true);
  });

  it('is asked about again only after a pause when nobody could say', async () => {
    let isKnown = false;
    const { told, asked, reviewIn } = held(() => (isKnown ? true : undefined));
    await reviewIn(REVIEW_MS);
    await reviewIn(REVIEW_MS);
    expect(asked).toEqual([500, 200]);
    isKnown = true;
    await reviewIn(REVIEW_MS);
    expect(asked).toEqual([500, 200]);
    await reviewIn(ASK_AGAIN_MS);
    await reviewIn(REVIEW_MS);
    expect(told.length).toBe(HELD);
  });
});
