/** What the tick ledger and the membership over some nodes must do, in memory or behind Redis. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Claim, ClaimVerdict, TickLedger, VotingNode } from '#src/protocol/contract/ports.js';
import { quorumOf } from '#src/protocol/contract/quorum.js';
import { QuorumTickLedger } from '#src/protocol/ledger/quorum-tick-ledger.js';
import { QuorumMembership } from '#src/protocol/members/quorum-membership.js';
import { TimeoutLedger } from '#src/protocol/timeouts/timeout-ledger.js';
import { SeededRandom } from '#src/testing/seeded-random.js';
import { MakeshiftElectorate } from '../support/makeshift-electorate.js';
import { countPerTick } from './counter-fuzz.js';

/** Some nodes, as several instances reach them. */
export interface LedgerStage {
  /** Per instance its own way to the same nodes. */
  readonly instances: readonly (readonly VotingNode[])[];
  /** The clock of the first node, epoch ms. */
  nowMs(): Promise<number>;
  /** So many nodes, the first ones, forget everything. */
  forget(nodes: number): Promise<void>;
  close(): Promise<void>;
}

const LATENESS_MS = 30_000;
const SEED = 20_310_101;
const TICKS = 60;

export function describeTickLedger(name: string, start: () => Promise<LedgerStage>): void {
  describe(`the tick ledger ${name}`, () => {
    let stage: LedgerStage;
    let ledgers: readonly TickLedger[];
    let [mine, yours]: readonly TickLedger[] = [];
    let names = 0;

    const newTask = (): string => {
      names += 1;
      return `task-${names}`;
    };
    const claimOf = (task: string, tick: number, claimId: string): Claim => ({
      task,
      tick,
      claimId,
      maxLatenessMs: LATENESS_MS,
    });
    const verdict = async (ledger: TickLedger | undefined, claim: Claim): Promise<ClaimVerdict | undefined> =>
      (await ledger?.claim([claim]))?.[0];
    /** New nodes abstain from what they may have granted before. */
    const untilTheyVote = async (): Promise<void> => {
      const task = newTask();
      for (let bid = 1; ; bid += 1) {
        // All of them: a majority may vote before the others do.
        const [won] = (await mine?.claim([claimOf(task, await stage.nowMs(), `me:${bid}`)], 'all')) ?? [];
        if (won?.kind === 'won' && won.votesOut === stage.instances[0]?.length) return;
        await new Promise((resolve) => setImmediate(resolve));
      }
    };

    beforeAll(async () => {
      stage = await start();
      ledgers = stage.instances.map((nodes) => new QuorumTickLedger(nodes, new MakeshiftElectorate(nodes)));
      [mine, yours] = ledgers;
      await untilTheyVote();
    });
    afterAll(async () => stage?.close());

    it('lets one of two win a tick, and names the winner to the other', async () => {
      const [task, tick] = [newTask(), await stage.nowMs()];
      expect((await verdict(mine, claimOf(task, tick, 'me:1')))?.kind).toBe('won');
      expect(await verdict(yours, claimOf(task, tick, 'you:2'))).toMatchObject({
        kind: 'taken',
        claimId: 'me:1',
      });
    });

    it('says won again to a claim that is sent again', async () => {
      const claim = claimOf(newTask(), await stage.nowMs(), 'me:1');
      expect((await verdict(mine, claim))?.kind).toBe('won');
      expect((await verdict(mine, claim))?.kind).toBe('won');
    });

    it('lets another win what was given back', async () => {
      const [task, tick] = [newTask(), await stage.nowMs()];
      await verdict(mine, claimOf(task, tick, 'me:1'));
      await mine?.giveBack([claimOf(task, tick, 'me:1')]);
      expect((await verdict(yours, claimOf(task, tick, 'you:2')))?.kind).toBe('won');
    });

    it('answers a peek: open before the tick, taken with the winner’s claim after', async () => {
      const [task, tick] = [newTask(), await stage.nowMs()];
      expect(await yours?.peek([{ task, tick }])).toMatchObject([
        {
          kind: 'open',
          newest: 0,
          highest: 0,
          highestPossible: expect.any(Number),
          nodeTimeMs: expect.any(Number),
        },
      ]);
      await verdict(mine, claimOf(task, tick, 'me:1'));
      expect(await yours?.peek([{ task, tick }])).toEqual([
        {
          kind: 'taken',
          newest: tick,
          highest: tick,
          highestPossible: expect.any(Number),
          nodeTimeMs: expect.any(Number),
          claimId: 'me:1',
        },
      ]);
    });

    it('says up to where a node may have forgotten, apart from what it has granted', async () => {
      const [task, tick] = [newTask(), await stage.nowMs()];
      const [peek] = (await yours?.peek([{ task, tick }])) ?? [];
      // Every node of the stage was new once, and has abstained since.
      expect(peek?.highestPossible).toBeGreaterThan(0);
      expect(peek?.highestPossible).toBeLessThan(tick);
    });

    it('lets what runs once run on nodes that were new once, and not again at a later instant', async () => {
      const task = newTask();
      const [first, second] = [mine, yours].map((ledger) => {
        const once = new TimeoutLedger(ledger as TickLedger);
        once.limit(task, 'build 7');
        return once;
      });
      // Another tick than the floor's, and not too early either.
      const tick = (await stage.nowMs()) + 50;
      expect((await verdict(first, claimOf(task, tick, 'me:1')))?.kind).toBe('won');
      expect((await verdict(second, claimOf(task, tick + 45, 'you:2')))?.kind).toBe('taken');
      expect(second?.runOf(task)).toBe(tick);
    });

    it('runs each tick at most once: no increment of an unprotected counter is lost', async () => {
      const minority = (stage.instances[0]?.length ?? 0) - quorumOf(stage.instances[0]?.length ?? 0);
      const { added, counter, runs, givenBack } = await countPerTick(ledgers, {
        task: newTask(),
        ticks: TICKS,
        random: new SeededRandom(SEED),
        nowMs: () => stage.nowMs(),
        // From half time on a minority abstains.
        disturb: async (round) => (round === TICKS / 2 ? stage.forget(minority) : undefined),
      });
      expect([...runs].filter(([, count]) => count > 1)).toEqual([]);
      expect(counter).toBe(added);
      expect(added).toBeGreaterThan(TICKS / 4);
      expect(givenBack).toBeGreaterThan(0);
    });

    it('counts an instance as a member from its beat to its leave', async () => {
      const [me, you] = stage.instances.map(
        (nodes) => new QuorumMembership(nodes, new MakeshiftElectorate(nodes)),
      );
      const [task, tick] = [newTask(), await stage.nowMs()];
      await me?.beat('me', []);
      expect(await you?.beat('you', [{ task, tick }])).toMatchObject({
        members: ['me', 'you'],
        nodesAnswering: stage.instances[0]?.length,
        peeks: [
          {
            kind: 'open',
            newest: 0,
            highest: 0,
            highestPossible: expect.any(Number),
            nodeTimeMs: expect.any(Number),
          },
        ],
      });
      await me?.leave('me');
      expect((await you?.beat('you', []))?.members).toEqual(['you']);
    });

    // Last, since the nodes abstain afterwards.
    it('lets nobody win a tick that a majority may have forgotten', async () => {
      const [task, tick] = [newTask(), await stage.nowMs()];
      await verdict(mine, claimOf(task, tick, 'me:1'));
      await stage.forget(quorumOf(stage.instances[0]?.length ?? 0));
      expect((await verdict(yours, claimOf(task, tick, 'you:2')))?.kind).not.toBe('won');
    });
  });
}
