import { describe, expect, it } from 'vitest';
import { OwnClaims } from '#src/protocol/bid/own-claims.js';
import { PastWatch } from '#src/protocol/contest/past-watch.js';
import { DEFAULT_POLICIES } from '#src/protocol/contract/task-policies.js';
import { toAnswer } from '#src/protocol/ledger/line-past.js';
import { RunChains } from '#src/protocol/run/run-chains.js';
import type { RunParts } from '#src/protocol/run/run-parts.js';
import { RunRegister } from '#src/protocol/run/run-register.js';
import { SeededRandom } from '#src/testing/seeded-random.js';
import { EVERY_SECOND, taskOf } from '../../../support/tasks.js';

const T = 1_000_000;

/** One instance that looks back on a task whose tick T was claimed and has not ended; counts how often it bids. */
function looking(instanceId: string, members: readonly string[]) {
  let bids = 0;
  const ownClaims = new OwnClaims();
  const parts = {
    instanceId,
    members: () => members,
    chains: new RunChains(),
    register: new RunRegister(),
    ownClaims,
    clusterClock: { synchronised: true, nowMs: () => T + 500 },
    clock: { monotonicMs: () => 0, wallMs: () => 0 },
    options: { leaseTtlMs: 3_000 },
    random: new SeededRandom(1),
    stopped: new AbortController().signal,
    track: () => undefined,
    observer: { observe: () => undefined },
    ledger: { runsOnce: () => false, lineOf: () => undefined },
    locks: {
      tryAcquire: async () => {
        bids += 1;
        return [];
      },
    },
  } as unknown as RunParts;
  const task = taskOf(() => undefined, {
    schedule: EVERY_SECOND,
    policies: { ...DEFAULT_POLICIES, recovery: 'retake' },
  });
  const pastWatch = new PastWatch(parts);
  pastWatch.add(task);
  pastWatch.tickEnded({ task: task.name, tick: T, instanceId, outcome: 'taken' });
  const answer = async (owner: string): Promise<number> => {
    const before = bids;
    const verdict = toAnswer({ kind: 'taken', newest: T, claimId: `${owner}:1` });
    pastWatch.questions();
    pastWatch.answered([verdict]);
    await new Promise((resolve) => setImmediate(resolve));
    return bids - before;
  };
  return { pastWatch: pastWatch, task, answer, ownClaims };
}

describe('looking back on a tick that was claimed and has not ended', () => {
  it('bids for it only when the instance that has claimed it is gone', async () => {
    const { answer } = looking('a', ['a', 'b']);
    expect([await answer('b'), await answer('b'), await answer('b')]).toEqual([0, 0, 0]);
    expect(await answer('gone')).toBe(1);
  });

  it('bids rank by rank: the first in rank at once, each further one a beat later', async () => {
    const members = ['a', 'b', 'c'];
    const firstBids: number[] = [];
    for (const instanceId of members) {
      const { answer } = looking(instanceId, members);
      let beats = 1;
      while ((await answer('gone')) === 0) beats += 1;
      firstBids.push(beats);
    }
    expect(firstBids.sort()).toEqual([1, 2, 3]);
  });

  it('bids for its own, when the run was aborted here: nobody else will take it for dead', async () => {
    const { pastWatch, task, answer } = looking('a', ['a']);
    expect(await answer('a')).toBe(0);
    pastWatch.tickEnded({ task: task.name, tick: T, instanceId: 'a', outcome: 'aborted' });
    expect(await answer('a')).toBe(1);
  });
});
