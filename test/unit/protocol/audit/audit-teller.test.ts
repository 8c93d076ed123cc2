import { describe, expect, it } from 'vitest';
import type { AuditParts } from '#src/protocol/audit/audit-source.js';
import { AuditTeller } from '#src/protocol/audit/audit-teller.js';
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
      { taskOf: () => task },
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
