/** Once and never again: instances with different instants in mind, their messages in any order, some of them lost. */

import { describe, expect, it } from 'vitest';
import { MemoryNode } from '#src/memory/memory-node.js';
import type { Claim, NodeReply, VotingNode } from '#src/protocol/contract/ports.js';
import { QuorumTickLedger } from '#src/protocol/ledger/quorum-tick-ledger.js';
import { TimeoutLedger } from '#src/protocol/timeouts/timeout-ledger.js';
import { SeededRandom } from '#src/testing/seeded-random.js';
import { between } from '../../../support/between.js';
import { connected, embeddedNodes } from '../../../support/electorate.js';
import { MakeshiftElectorate } from '../../../support/makeshift-electorate.js';
import { SEED } from '../../../support/seed.js';
import { aroundNode } from '../../../support/wrapped-node.js';

const NOW_MS = Date.UTC(2031, 0, 1);
const HISTORIES = 3_000;
const TASK = 'warm up';

const clock = { wallMs: () => NOW_MS };
const silence = async (): Promise<NodeReply<never>> => ({ answered: false, reason: 'silent' });
const threeNodes = (): readonly MemoryNode[] => embeddedNodes(clock, 3);

const claimAt = (tick: number, claimId: string): Claim => ({
  task: TASK,
  tick,
  claimId,
  maxLatenessMs: 4_000,
});

function onceLedger(
  nodes: readonly VotingNode[],
  key = 'build 7',
  electorate = new MakeshiftElectorate(nodes),
): TimeoutLedger {
  const ledger = new TimeoutLedger(new QuorumTickLedger(nodes, electorate));
  ledger.limit(TASK, key);
  return ledger;
}

/** Messages that arrive in an order of its own choice, or not at all. */
class Post {
  private readonly waiting: (() => void)[] = [];
  private delivered = 0;

  constructor(
    private readonly random: SeededRandom,
    private readonly lossShare: number,
    private readonly onDelivery: (delivered: number) => void,
  ) {}

  over(node: VotingNode): VotingNode {
    const send = async <T>(call: () => Promise<NodeReply<T>>): Promise<NodeReply<T>> => {
      await this.turn();
      const isAskLost = this.random.next() < this.lossShare;
      const reply: NodeReply<T> = isAskLost ? { answered: false, reason: 'lost' } : await call();
      await this.turn();
      return this.random.next() < this.lossShare ? { answered: false, reason: 'lost' } : reply;
    };
    return aroundNode(node, (ask) => send(ask));
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
      if (next !== undefined) this.onDelivery(++this.delivered);
    }
  }

  private turn(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }
}

/**
 * Instances that each try a few times; answers the claims that were won. Either messages are lost, or one node loses its memory:
 * what is assumed of step 2 excludes both at a time.
 */
async function contend(seed: number): Promise<readonly Claim[]> {
  const random = new SeededRandom(seed);
  const clock = { nowMs: NOW_MS - 60_000, wallMs: () => clock.nowMs };
  const stores = [1, 2, 3].map(() => new MemoryNode(clock));
  const nodes = connected(stores);
  // Each node is new when it is first asked, and has a floor from then on.
  for (const node of nodes) await node.peek([]);
  clock.nowMs = NOW_MS;
  const isForgetful = random.next() < 0.5;
  const lossShare = isForgetful || random.next() < 0.5 ? 0 : random.next() * 0.2;
  const forgetAt = isForgetful ? Math.floor(random.next() * 150) : Number.POSITIVE_INFINITY;
  const post = new Post(random, lossShare, (delivered) => {
    if (delivered === forgetAt) stores[Math.floor(random.next() * 3)]?.loseMemory('flush');
  });
  const won: Claim[] = [];
  const instance = async (id: number): Promise<void> => {
    const ledger = onceLedger(nodes.map((node) => post.over(node)));
    for (let attempt = 0; attempt < 3; attempt++) {
      // Later attempts come when a floor has been passed.
      if (attempt === 2) clock.nowMs = NOW_MS + 2_500;
      const tick = clock.nowMs - 1_000 + Math.floor(random.next() * 10) * 100;
      const claim = claimAt(tick, `${id}:${attempt}`);
      // Open, it is claimed again with the same id.
      for (let copies = 0; copies < 2; copies++) {
        const [verdict] = await ledger.claim([claim]);
        if (verdict?.kind === 'won') {
          won.push(claim);
          return;
        }
        if (verdict?.undecided !== true) break;
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

  it('is not won where a node has just forgotten and the other one that knew does not say so', async () => {
    const stores = threeNodes();
    const nodes = connected(stores);
    const mute = (node: VotingNode): VotingNode => between(node, { instead: { peek: silence } });
    const third = between(nodes[2] as VotingNode, { instead: { claim: silence } });
    const first = onceLedger([nodes[0] as VotingNode, nodes[1] as VotingNode, third]);
    expect((await first.claim([claimAt(NOW_MS - 1_000, 'ann:1')]))[0]?.kind).toBe('won');
    stores[0]?.loseMemory('flush');
    const second = onceLedger([nodes[0] as VotingNode, mute(nodes[1] as VotingNode), nodes[2] as VotingNode]);
    expect((await second.claim([claimAt(NOW_MS, 'bob:1')]))[0]).toMatchObject({
      kind: 'no_quorum',
      reason: expect.stringContaining('lost its memory'),
    });
  });

  it('gives way to a later claim that a node has forgotten, and makes further attempts without that node', async () => {
    const stores = threeNodes();
    const nodes = connected(stores);
    const [one, two, three] = nodes as readonly [VotingNode, VotingNode, VotingNode];
    const task = `${TASK}{build 7`;
    // Two nodes have taken a later claim; one of them forgets it, and the other one does not say so in the end.
    const later = { ...claimAt(NOW_MS, 'bob:1'), task };
    let claims = 0;
    const shaken = between(one, {
      after: {
        claim: async (_reply, _asked, terms) => {
          claims += 1;
          if (claims === 1) {
            await one.claim([later], terms);
            await two.claim([later], terms);
          }
          if (claims === 2) stores[0]?.loseMemory('flush');
        },
      },
    });
    const isMute = (): boolean => claims > 1;
    const second = between(two, { instead: { peek: (ask) => (isMute() ? silence() : ask()) } });
    const electorate = new MakeshiftElectorate(nodes);
    await electorate.mend();
    const ledger = onceLedger([shaken, second, three], 'build 7', electorate);
    const [verdict] = await ledger.claim([claimAt(NOW_MS - 500, 'ann:1')]);
    expect(verdict?.kind).toBe('split');

    const others = threeNodes();
    const calm = onceLedger(connected(others));
    expect((await calm.claim([claimAt(NOW_MS - 500, 'ann:1')]))[0]?.kind).toBe('won');
    others[0]?.loseMemory('flush');
    expect((await calm.claim([claimAt(NOW_MS - 499, 'ann:2')]))[0]?.kind).toBe('won');
  });

  it('tells what stands in the second line, and forgets it when that was given back', async () => {
    const nodes = connected(threeNodes());
    const [ann, bob] = [onceLedger(nodes), onceLedger(nodes)];
    const claim = claimAt(NOW_MS - 1_000, 'ann:1');
    await ann.claim([claim]);
    expect(bob.runOf(TASK)).toBeUndefined();
    await bob.peek([claim]);
    expect(bob.runOf(TASK)).toBe(claim.tick);
    await ann.giveBack([claim]);
    await bob.peek([claim]);
    expect(bob.runOf(TASK)).toBeUndefined();
  });

  it('stays open after a claim that was given back', async () => {
    const ledger = onceLedger(connected(threeNodes()));
    const claim = claimAt(NOW_MS - 1_000, 'ann:1');
    await ledger.claim([claim]);
    await ledger.giveBack([claim]);
    expect((await ledger.claim([claimAt(NOW_MS, 'ann:2')]))[0]?.kind).toBe('won');
  });

  it('stays open where an answer between its steps is lost, and is won with the same claim', async () => {
    const nodes = connected(threeNodes());
    for (const call of ['claim', 'peek'] as const) {
      let left = 0;
      const deaf = nodes.map((node) =>
        aroundNode(node, async (ask, asked) => {
          const reply = await ask();
          if (asked !== call || left === 0) return reply;
          left -= 1;
          return { answered: false, reason: 'lost' };
        }),
      );
      const ledger = onceLedger(deaf, `build without a ${call}`);
      const claim = claimAt(NOW_MS - 1_000, `ann:${call}`);
      // By then it knows the names of its nodes.
      await ledger.claim([{ ...claim, task: 'report' }]);
      left = 2;
      expect((await ledger.claim([claim]))[0]).toMatchObject({ kind: 'no_quorum', undecided: true });
      expect((await ledger.claim([claim]))[0]?.kind).toBe('won');
    }
  });

  it('is not called taken because of a claim that this instance has given up and could not take back', async () => {
    const nodes = connected(threeNodes());
    let isCut = false;
    const ann = onceLedger(
      nodes.map((node) =>
        aroundNode(node, async (ask, call) =>
          isCut && call === 'giveBack' ? { answered: false, reason: 'cut' } : ask(),
        ),
      ),
    );
    const claim = claimAt(NOW_MS - 1_000, 'ann:1');
    expect((await ann.claim([claim]))[0]?.kind).toBe('won');
    isCut = true;
    await ann.giveBack([claim]);
    expect((await ann.claim([claimAt(NOW_MS, 'ann:2')]))[0]?.kind).toBe('no_quorum');
    expect((await onceLedger(nodes).claim([claimAt(NOW_MS, 'bob:1')]))[0]?.kind).toBe('taken');
  });

  it('is not won over a ledger that cannot say what stands in it', async () => {
    const ledger = new TimeoutLedger({
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
