/** Once and never again: instances with different instants in mind, their messages in any order, some of them lost. */

import { describe, expect, it } from 'vitest';
import { MemoryNode } from '../../../libs/distributed-schedule/src/memory/memory-node.js';
import { OnceLedger } from '../../../libs/distributed-schedule/src/protocol/once-ledger.js';
import type { Claim, NodeReply, VotingNode } from '../../../libs/distributed-schedule/src/protocol/ports.js';
import { QuorumTickLedger } from '../../../libs/distributed-schedule/src/protocol/quorum-tick-ledger.js';
import { SeededRandom } from '../../../libs/distributed-schedule/src/testing/seeded-random.js';

const NOW_MS = Date.UTC(2031, 0, 1);
const CI_SEED = 20_261_122;
const SEED = Number(
  process.env.SEED ?? (process.env.CI === undefined ? Math.floor(Math.random() * 2 ** 31) : CI_SEED),
);
const HISTORIES = 3_000;
const TASK = 'warm up';

const clock = { wallMs: () => NOW_MS };
const threeNodes = (): readonly MemoryNode[] => [1, 2, 3].map(() => MemoryNode.embedded(clock));

const claimAt = (tick: number, claimId: string): Claim => ({
  task: TASK,
  tick,
  claimId,
  maxLatenessMs: 4_000,
});

function onceLedger(nodes: readonly VotingNode[], key = 'build 7'): OnceLedger {
  const ledger = new OnceLedger(new QuorumTickLedger(nodes));
  ledger.limit(TASK, key);
  return ledger;
}

const connected = (nodes: readonly MemoryNode[]): readonly VotingNode[] =>
  nodes.map((node, index) => node.connect({ label: `node ${index + 1}` }));

/** Messages that arrive in an order of its own choice, or not at all. */
class Post {
  private readonly waiting: (() => void)[] = [];

  constructor(
    private readonly random: SeededRandom,
    private readonly lossShare: number,
  ) {}

  over(node: VotingNode): VotingNode {
    const send = async <T>(call: () => Promise<NodeReply<T>>): Promise<NodeReply<T>> => {
      await this.turn();
      const isAskLost = this.random.next() < this.lossShare;
      const reply: NodeReply<T> = isAskLost ? { answered: false, reason: 'lost' } : await call();
      await this.turn();
      return this.random.next() < this.lossShare ? { answered: false, reason: 'lost' } : reply;
    };
    return {
      label: node.label,
      claim: (claims) => send(() => node.claim(claims)),
      giveBack: (claims) => send(() => node.giveBack(claims)),
      peek: (tasks) => send(() => node.peek(tasks)),
      beat: (id, tasks) => send(() => node.beat(id, tasks)),
      leave: (id) => send(() => node.leave(id)),
    };
  }

  async deliverAll(work: Promise<unknown>): Promise<void> {
    let isDone = false;
    void work.then(() => {
      isDone = true;
    });
    while (!isDone) {
      await new Promise((resolve) => setImmediate(resolve));
      const [next] = this.waiting.splice(Math.floor(this.random.next() * this.waiting.length), 1);
      next?.();
    }
  }

  private turn(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }
}

/** Instances that each try a few times; answers the claims that were won. */
async function contend(seed: number): Promise<readonly Claim[]> {
  const random = new SeededRandom(seed);
  const nodes = connected(threeNodes());
  const lossShare = random.next() < 0.5 ? 0 : random.next() * 0.2;
  const post = new Post(random, lossShare);
  const won: Claim[] = [];
  const instance = async (id: number): Promise<void> => {
    const ledger = onceLedger(nodes.map((node) => post.over(node)));
    for (let attempt = 0; attempt < 2; attempt++) {
      const tick = NOW_MS - 1_000 + Math.floor(random.next() * 10) * 100;
      const claim = claimAt(tick, `${id}:${attempt}`);
      const [verdict] = await ledger.claim([claim]);
      if (verdict?.kind === 'won') {
        won.push(claim);
        return;
      }
      await ledger.giveBack([claim]);
    }
  };
  await post.deliverAll(Promise.all([1, 2, 3].map(instance)));
  return won;
}

describe(`a task that runs once (SEED=${SEED})`, () => {
  it(`is won by one claim at most in ${HISTORIES} histories of three instances, and by one in most`, async () => {
    let wins = 0;
    for (let history = 0; history < HISTORIES; history++) {
      const won = await contend(SEED + history);
      expect(won.length, `SEED=${SEED + history}`).toBeLessThanOrEqual(1);
      wins += won.length;
    }
    expect(wins).toBeGreaterThan(HISTORIES / 2);
  }, 120_000);

  it('is won again neither at a later instant nor at an earlier one', async () => {
    const nodes = connected(threeNodes());
    const [first] = await onceLedger(nodes).claim([claimAt(NOW_MS - 500, 'ann:1')]);
    expect(first?.kind).toBe('won');
    const other = onceLedger(nodes);
    for (const tick of [NOW_MS - 1_000, NOW_MS]) {
      const claim = claimAt(tick, `bob:${tick}`);
      expect((await other.claim([claim]))[0]?.kind).toBe('taken');
      await other.giveBack([claim]);
      expect((await other.peek([claim]))[0]?.kind).toBe('taken');
    }
  });

  it('is won for another deployment key, and not a second time for the first', async () => {
    const nodes = connected(threeNodes());
    const claim = async (key: string, tick: number): Promise<string | undefined> =>
      (await onceLedger(nodes, key).claim([claimAt(tick, `${key}:${tick}`)]))[0]?.kind;
    expect(await claim('build 7', NOW_MS - 1_000)).toBe('won');
    expect(await claim('build 8', NOW_MS - 500)).toBe('won');
    expect(await claim('build 7', NOW_MS)).toBe('taken');
  });

  it('lets the further attempts at its one tick through', async () => {
    const ledger = onceLedger(connected(threeNodes()));
    const tick = NOW_MS - 1_000;
    for (const [index, instant] of [tick, tick + 1, tick + 31].entries()) {
      expect((await ledger.claim([claimAt(instant, `ann:${index}`)]))[0]?.kind).toBe('won');
    }
  });

  it('stays open after a claim that was given back', async () => {
    const ledger = onceLedger(connected(threeNodes()));
    const claim = claimAt(NOW_MS - 1_000, 'ann:1');
    await ledger.claim([claim]);
    await ledger.giveBack([claim]);
    expect((await ledger.claim([claimAt(NOW_MS, 'ann:2')]))[0]?.kind).toBe('won');
  });

  it('is not won over a ledger that cannot say what stands in it', async () => {
    const ledger = new OnceLedger({
      claim: async (claims) => claims.map(() => ({ kind: 'won', votesOut: 1 })),
      giveBack: async () => undefined,
      peek: async (ticks) => ticks.map(() => ({ kind: 'open' })),
    });
    ledger.limit(TASK, 'build 7');
    expect((await ledger.claim([claimAt(NOW_MS, 'ann:1')]))[0]?.kind).toBe('no_quorum');
  });

  it('leaves the claims of other tasks as they are', async () => {
    const ledger = onceLedger(connected(threeNodes()));
    const other = (tick: number): Claim => ({ ...claimAt(tick, `ann:${tick}`), task: 'report' });
    const verdicts = await ledger.claim([other(NOW_MS - 500), claimAt(NOW_MS - 500, 'ann:1')]);
    expect(verdicts.map(({ kind }) => kind)).toEqual(['won', 'won']);
    expect((await ledger.claim([other(NOW_MS)]))[0]?.kind).toBe('won');
  });
});
