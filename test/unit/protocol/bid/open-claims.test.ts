/** Claims whose answers are lost: the tick runs all the same, or its owner says that nobody runs it. */

import { describe, expect, it } from 'vitest';
import { Admission } from '#src/protocol/bid/admission.js';
import { claimUntilDecided } from '#src/protocol/bid/open-claims.js';
import type { AuditFinding } from '#src/protocol/contract/audit-finding.js';
import type {
  AnswersWanted,
  Claim,
  ClaimVerdict,
  TickLedger,
  VotingNode,
} from '#src/protocol/contract/ports.js';
import { guardLedger } from '#src/protocol/ledger/guarded-ports.js';
import { ManualClock } from '#src/testing/manual-clock.js';
import { type Member, MemoryCluster } from '#src/testing/memory-cluster.js';
import { between } from '../../../support/between.js';
import { missing, reportsOf, taskOf } from '../../../support/tasks.js';
import { aroundNode, type NodeCall } from '../../../support/wrapped-node.js';

const SETTLED_MS = 6_500;

describe('an open claim', () => {
  const open: ClaimVerdict = { kind: 'no_quorum', votesOut: 1, reason: 'silent', undecided: true };
  const claimOf = (task: string): Claim => ({ task, tick: 1_000, claimId: task, maxLatenessMs: 400 });

  function asking(answer: (task: string, copy: number) => ClaimVerdict) {
    const clock = new ManualClock();
    const admission = new Admission();
    const asked: string[][] = [];
    const wanted: (AnswersWanted | undefined)[] = [];
    const ledger: TickLedger = {
      claim: async (claims, answers) => {
        wanted.push(answers);
        asked.push(claims.map(({ claimId }) => claimId));
        return claims.map(({ task }) => answer(task, asked.length));
      },
      giveBack: async () => undefined,
      peek: async () => [],
    };
    const settled: string[] = [];
    const start = (tasks: readonly string[], mayAskAgain = (_: string): boolean => true): Promise<void> =>
      claimUntilDecided(
        { clock, ledger: guardLedger(ledger, { observe: () => undefined }), admission },
        tasks.map((task) => ({ claim: claimOf(task) })),
        ({ claim }) => mayAskAgain(claim.task),
        (decided) => {
          for (const { candidate, verdict, isOut } of decided)
            settled.push(`${candidate.claim.task} ${verdict?.kind}${isOut ? ' out' : ''}`);
        },
      );
    return { clock, asked, settled, start, admission, wanted };
  }

  it('waits for the slowest node only where bids are limited, so that none goes out ahead of the answers to the last', async () => {
    const { asked, start, admission, wanted } = asking(() => ({ kind: 'won', votesOut: 3 }));
    await start(['a']);
    admission.began(4);
    admission.ended(4, 4);
    await start(['a']);
    expect(asked).toHaveLength(2);
    expect(wanted).toEqual(['majority', 'all']);
  });

  it('is asked for again with its id, alone, while what is won does not wait', async () => {
    const { clock, asked, settled, start } = asking((task, copy) =>
      task === 'a' || copy === 3 ? { kind: 'won', votesOut: 2 } : open,
    );
    const done = start(['a', 'b']);
    await clock.advance(0);
    expect(settled).toEqual(['a won out']);
    await clock.advance(1_000);
    await done;
    expect(asked).toEqual([['a', 'b'], ['b'], ['b']]);
    expect(settled).toEqual(['a won out', 'b won out']);
  });

  it('is given up when there is no time, or no trust, for another copy', async () => {
    let isInTime = true;
    const { clock, asked, settled, start } = asking(() => open);
    const done = start(['a'], () => isInTime);
    await clock.advance(0);
    isInTime = false;
    await clock.advance(1_000);
    await done;
    expect(asked).toHaveLength(1);
    expect(settled).toEqual(['a no_quorum out']);
  });

  it('is out where an earlier copy may have been granted, whatever the last one was told', async () => {
    const { clock, settled, start } = asking((_, copy) =>
      copy === 1 ? open : { kind: 'late', votesOut: 0 },
    );
    const done = start(['a']);
    await clock.advance(1_000);
    await done;
    expect(settled).toEqual(['a late out']);
  });

  it('is not asked for for ever', async () => {
    const { clock, asked, start } = asking(() => open);
    const done = start(['a']);
    await clock.advance(60_000);
    await done;
    expect(asked.length).toBeLessThan(10);
  });
});

interface Trouble {
  readonly call: NodeCall;
  /** How many of these calls lose their answers from now on, on each node. */
  left: number;
  /** Otherwise the message itself. */
  readonly acts: boolean;
}

/** Instances of the real scheduler, whose calls meet what a test says. */
function stage(instances: number) {
  const cluster = new MemoryCluster();
  const runs: number[] = [];
  const findings: AuditFinding[] = [];
  const claimIds = new Set<string>();
  const troubles = new Map<number, Trouble[]>();
  const wrapNode = (node: VotingNode, index: number): VotingNode =>
    aroundNode(
      between(node, {
        before: {
          claim: (claims) => {
            for (const { claimId } of claims) claimIds.add(claimId);
          },
        },
      }),
      async (ask, call) => {
        const trouble = troubles.get(index)?.find((one) => one.call === call && one.left > 0);
        if (trouble === undefined) return ask();
        trouble.left -= 1;
        if (trouble.acts) await ask();
        return { answered: false, reason: 'connection ended' };
      },
    );
  const members: Member[] = Array.from({ length: instances }, () =>
    cluster.join([taskOf(({ tick }) => runs.push(tick))], {
      wrapNode,
      onEvent: (event) => event.type === 'audit' && findings.push(event.finding),
    }),
  );
  const trouble = (call: NodeCall, left: number, acts = true): void => {
    for (const index of cluster.nodes.keys())
      troubles.set(index, [...(troubles.get(index) ?? []), { call, left, acts }]);
  };
  const reports = (tick: number) =>
    members.flatMap(({ events }) => reportsOf(events)).filter((report) => report.tick === tick);
  return { cluster, runs, findings, claimIds, trouble, reports, end: () => troubles.clear() };
}

describe('a tick whose claim is applied, and whose answers are lost', () => {
  it('is won with the same claim when the connections are back', async () => {
    const { cluster, runs, claimIds, trouble, findings } = stage(3);
    await cluster.clock.advance(SETTLED_MS);
    claimIds.clear();
    trouble('claim', 2);
    await cluster.clock.advance(1_000);
    expect(claimIds.size).toBe(1);
    await cluster.clock.advance(2_000);
    expect(missing(runs)).toEqual([]);
    expect(findings).toEqual([]);
  });

  it('runs with another claim when the first was given up, and its give-back was lost as well', async () => {
    const { cluster, runs, claimIds, trouble } = stage(3);
    await cluster.clock.advance(SETTLED_MS);
    claimIds.clear();
    // Too many for the time that another bid needs.
    trouble('claim', 6);
    trouble('giveBack', 1, false);
    await cluster.clock.advance(1_000);
    expect(claimIds.size).toBeGreaterThan(1);
    await cluster.clock.advance(2_000);
    expect(missing(runs)).toEqual([]);
  });

  it('is missed for certain by the word of its owner when it could not be taken back, and taken by nobody', async () => {
    const { cluster, runs, findings, trouble, reports, end } = stage(1);
    await cluster.clock.advance(SETTLED_MS);
    const tick = Math.ceil(cluster.clock.wallMs() / 1_000) * 1_000;
    trouble('claim', 1_000);
    trouble('giveBack', 1_000, false);
    await cluster.clock.advance(1_000);
    end();
    await cluster.clock.advance(3_000);
    expect(runs).not.toContain(tick);
    expect(reports(tick).map(({ outcome }) => outcome)).toEqual(['no_quorum']);
    expect(findings).toMatchObject([{ tick, outcome: 'missed', cause: 'no_majority', certain: true }]);
  });
});
