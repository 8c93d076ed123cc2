/** A trigger that was moved while an instance stood still, which knows it where it was: it runs once. */

import { describe, expect, it } from 'vitest';
import type { Claim, ClaimVerdict, TickLedger } from '#src/protocol/contract/ports.js';
import { PRUNABLE_MARK } from '#src/protocol/contract/prunable-lines.js';
import type { ScheduledTask, TickContext } from '#src/protocol/contract/tick-context.js';
import { TriggerLedger } from '#src/protocol/ledger/trigger-ledger.js';
import { MemoryCluster } from '#src/testing/memory-cluster.js';
import { taskOf } from '../../../support/tasks.js';

const LINE = '{trigger}7:ab:settle';

/** The task as one instance knows it: triggered at `tick`, where the trigger was placed at `placedMs` first. */
function triggered(runs: TickContext[], tick: number, placedMs: number, given = {}): ScheduledTask {
  const handler = (context: TickContext): void => {
    runs.push(context);
  };
  return taskOf(handler, {
    schedule: { description: 'triggered', nextAfter: (ms) => (ms < tick ? tick : undefined) },
    triggerOf: (asked) => (asked === tick ? { line: LINE, placedMs } : undefined),
    ...given,
  });
}

const wrapLedger = (ledger: TickLedger): TickLedger => new TriggerLedger(ledger);

/** Instances that know the trigger at these distances from where it was placed. */
async function runsAt(
  offsetsMs: readonly number[],
  given: Partial<ScheduledTask> = {},
): Promise<TickContext[]> {
  const cluster = new MemoryCluster();
  const placedMs = Math.ceil(cluster.clock.wallMs() / 1_000) * 1_000 + 4_000;
  const runs: TickContext[] = [];
  for (const offsetMs of offsetsMs)
    cluster.join([triggered(runs, placedMs + offsetMs, placedMs, given)], { wrapLedger });
  await cluster.clock.advance(12_000);
  return runs;
}

describe('a trigger that was moved while an instance stood still', () => {
  it('runs once, where it was or where it is', async () => {
    expect(await runsAt([0, 600])).toHaveLength(1);
    expect(await runsAt([600, 0])).toHaveLength(1);
  });

  it('runs once when it was moved twice, and nobody knows where it was first', async () => {
    expect(await runsAt([400, 900, 2_000])).toHaveLength(1);
  });

  it('runs where everybody knows it', async () => {
    const [run, ...others] = await runsAt([600, 600, 600]);
    expect(others).toEqual([]);
    expect(run?.fencingToken).toBe(run?.tick);
  });

  it('is tried again by its policies', async () => {
    let fails = 2;
    const runs: TickContext[] = [];
    const cluster = new MemoryCluster();
    const placedMs = Math.ceil(cluster.clock.wallMs() / 1_000) * 1_000 + 4_000;
    const task = triggered(runs, placedMs + 600, placedMs);
    const retry = { attempts: 3, baseMs: 50, capMs: 50, jitter: 0, deadlineMs: 5_000 };
    const handler = (context: TickContext): void => {
      runs.push(context);
      fails -= 1;
      if (fails >= 0) throw new Error('not yet');
    };
    const { DEFAULT_POLICIES } = await import('#src/protocol/contract/task-policies.js');
    cluster.join([{ ...task, handler, policies: { ...DEFAULT_POLICIES, retry } }], { wrapLedger });
    await cluster.clock.advance(12_000);
    expect(runs.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
  });
});

describe('a claim of a triggered tick', () => {
  const claim: Claim = {
    ...{ task: 'settle', tick: 5_600, claimId: 'me:1', maxLatenessMs: 400 },
    trigger: { task: LINE, tick: 5_000 },
  };

  function asking(answer: (claim: Claim) => ClaimVerdict) {
    const sent: Claim[][] = [];
    const back: Claim[][] = [];
    const ledger = new TriggerLedger({
      claim: async (claims) => {
        sent.push([...claims]);
        return claims.map(answer);
      },
      giveBack: async (claims) => {
        back.push([...claims]);
      },
      peek: async () => [],
    });
    return { ledger, sent, back };
  }

  it('goes out and comes back with that of its trigger, which may be forgotten, in one message', async () => {
    const { ledger, sent, back } = asking(() => ({ kind: 'won', votesOut: 3 }));
    const other = { task: 'bill', tick: 5_600, claimId: 'me:2', maxLatenessMs: 400 };
    expect((await ledger.claim([claim, other])).map(({ kind }) => kind)).toEqual(['won', 'won']);
    const ofTrigger = { task: LINE, tick: 5_000, claimId: `me:1${PRUNABLE_MARK}`, maxLatenessMs: 1_000 };
    expect(sent).toEqual([[claim, other, ofTrigger]]);
    await ledger.giveBack([claim]);
    expect(back).toEqual([[claim, ofTrigger]]);
  });

  it('is not won without its trigger, and names who has that', async () => {
    const { ledger } = asking(({ task }) =>
      task === LINE ? { kind: 'taken', votesOut: 0, claimId: 'you:9~' } : { kind: 'won', votesOut: 3 },
    );
    expect(await ledger.claim([claim])).toEqual([{ kind: 'taken', votesOut: 3, claimId: 'you:9' }]);
  });

  it('stays open while that of its trigger is', async () => {
    const { ledger } = asking(({ task }) =>
      task === LINE
        ? { kind: 'no_quorum', votesOut: 1, reason: 'silent', undecided: true }
        : { kind: 'won', votesOut: 3 },
    );
    expect(await ledger.claim([claim])).toMatchObject([{ kind: 'no_quorum', undecided: true, votesOut: 4 }]);
  });
});
