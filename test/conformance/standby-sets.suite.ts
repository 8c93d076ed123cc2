/** What every node must do that keeps standby sets: it answers in short, and says nothing where it does not know the set. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NodeTick } from '#src/protocol/contract/ports.js';
import { LINES_PER_DIGEST, SHORT_ANSWER_AGE_MS } from '#src/protocol/contract/standby-set.js';
import type { BeatReply } from '#src/protocol/contract/voting-node.js';
import { signOf } from '../support/electorate.js';
import { answerOf, claimOf, type NodeHandle, type NodeStage, SET, Subject } from './voting-node-stage.js';

const SIGN = signOf(SET);
/** A busy machine takes long from one claim to the next. */
const LATENESS_MS = 30_000;
const MANY = Array.from({ length: 2 * LINES_PER_DIGEST + 7 }, (_, index) => `chore ${index}`);

export function describeStandbySets(name: string, start: () => Promise<NodeStage>): void {
  describe(`standby sets of the node ${name}`, () => {
    let stages: NodeStage;

    beforeAll(async () => {
      stages = await start();
    });
    afterAll(async () => stages?.close());

    it('answers in short who has claimed the tick, with equal words for equal claims', async () => {
      const [one, other] = [await Asked.of(stages), await Asked.of(stages)];
      const tick = Math.max(await one.grantableTick(), await other.grantableTick());
      for (const node of [one, other]) {
        await node.keep(MANY);
        await node.claim(MANY, tick, (index) => `worker-${index % 3}:${index}`);
      }
      const [told, toldElsewhere] = [await one.ask(MANY), await other.ask(MANY)];
      expect(told).toHaveLength(MANY.length);
      expect(told?.map((word) => word.claimId?.split(':')[0])).toEqual(
        MANY.map((_, index) => `worker-${index % 3}`),
      );
      expect(told?.every((word) => word.isShort === true && word.tick === tick)).toBe(true);
      expect(toldElsewhere).toEqual(told);
    });

    it('gives other words for another claim of the same instance', async () => {
      const [one, other] = [await Asked.of(stages), await Asked.of(stages)];
      const tick = Math.max(await one.grantableTick(), await other.grantableTick());
      for (const [node, mark] of [[one, 'a'] as const, [other, 'b'] as const]) {
        await node.keep(MANY);
        await node.claim(MANY, tick, (index) => `worker:${index === LINES_PER_DIGEST ? mark : ''}${index}`);
      }
      const [told, elsewhere] = [await one.ask(MANY), await other.ask(MANY)];
      const isSame = MANY.map((_, index) => told?.[index]?.claimId === elsewhere?.[index]?.claimId);
      expect(isSame.indexOf(false)).toBe(LINES_PER_DIGEST);
      expect(isSame.filter((same) => !same)).toHaveLength(LINES_PER_DIGEST);
    });

    it('tells in full what is open, was given back, or was claimed by an odd name, and each tick as it is', async () => {
      const node = await Asked.of(stages);
      const tick = (await node.grantableTick()) + 1;
      const [older, returned, later, odd, plain] = MANY as [string, string, string, string, string];
      await node.keep(MANY);
      await node.claim([older], tick - 1, () => 'worker:1');
      await node.claim([returned], tick, () => 'worker:2');
      answerOf(await node.voter.giveBack([claimOf(returned, tick, 'worker:2')]));
      await node.claim([later], tick + 1, () => 'worker:3');
      await node.claim([odd], tick, () => 'pod:7:4');
      await node.claim([plain], tick, () => 'worker:5');
      const told = await node.ask(MANY);
      const full = answerOf(await node.voter.peek(MANY));
      const isShort = told?.map((word) => word.isShort === true) ?? [];
      expect(isShort.slice(0, 6)).toEqual([true, false, true, false, true, false]);
      expect(isShort.filter(Boolean)).toHaveLength(3);
      expect(told?.map((word) => word.tick)).toEqual(full.map((word) => word.tick));
      expect(told?.filter((_, index) => !isShort[index])).toEqual(full.filter((_, index) => !isShort[index]));
      expect(full[1]).not.toHaveProperty('claimId');
    });

    it('tells everything in full while its floor may hide the tick', async () => {
      const node = await Asked.of(stages);
      const tick = await node.grantableTick();
      await node.claim(MANY, tick, () => 'worker:1');
      await node.handle.forget();
      await node.keep(MANY);
      const told = await node.ask(MANY);
      expect(told).toHaveLength(MANY.length);
      expect(told?.every((word) => (word.floor ?? 0) > tick && word.isShort === undefined)).toBe(true);
    });

    it('says nothing of a set that it does not know, that was told under another digest, or that has another length', async () => {
      const node = await Asked.of(stages);
      const tick = await node.grantableTick();
      await node.claim(MANY, tick, () => 'worker:1');
      expect(await node.ask(MANY)).toBeUndefined();
      await node.keep(MANY, node.digest(MANY.slice(1)));
      expect(await node.ask(MANY)).toBeUndefined();
      expect(await node.ask(MANY.slice(1))).toBeUndefined();
      await node.keep(MANY);
      expect(await node.ask(MANY, MANY.length - 1)).toBeUndefined();
      expect(await node.ask([...MANY].reverse())).toBeUndefined();
      expect(await node.ask(MANY)).toHaveLength(MANY.length);
    });

    it('keeps of the asked tasks as many as were said, and answers about the others in the same message', async () => {
      const node = await Asked.of(stages);
      const tick = await node.grantableTick();
      await node.claim([...MANY, 'other'], tick, () => 'worker:1');
      const count = MANY.length;
      const kept = await node.beat([...MANY, 'other'], { kind: 'keep', digest: node.digest(MANY), count });
      expect(kept.ticks).toHaveLength(count + 1);
      expect(kept).not.toHaveProperty('standby');
      const told = await node.beat(['other'], { kind: 'ask', digest: node.digest(MANY), count });
      expect(told.ticks).toEqual([{ tick, claimId: 'worker:1' }]);
      expect(told.standby).toHaveLength(count);
    });

    it('answers the same to all who look at the same moment, and shows a change soon after', async () => {
      const node = await Asked.of(stages);
      const tick = await node.grantableTick();
      const [first] = MANY as [string];
      await node.keep(MANY);
      await node.claim(MANY, tick, (index) => `worker:${index}`);
      expect(await node.ask(MANY)).toEqual(await node.ask(MANY));
      answerOf(await node.voter.giveBack([claimOf(first, tick, 'worker:0')]));
      const changedMs = await node.handle.nowMs();
      while ((await node.handle.nowMs()) <= changedMs + SHORT_ANSWER_AGE_MS)
        await new Promise((resolve) => setImmediate(resolve));
      expect((await node.ask(MANY))?.[0]).not.toHaveProperty('claimId');
    });

    it('does not know a set any more when it has forgotten', async () => {
      const node = await Asked.of(stages);
      await node.keep(MANY);
      await node.handle.forget();
      expect(await node.ask(MANY)).toBeUndefined();
    });

    it('tells a hundred owners apart', async () => {
      const node = await Asked.of(stages);
      const tick = await node.grantableTick();
      await node.keep(MANY);
      await node.claim(MANY, tick, (index) => `worker-${index}:1`);
      const told = await node.ask(MANY);
      expect(told?.map(({ claimId }) => claimId?.split(':')[0])).toEqual(
        MANY.map((_, index) => `worker-${index}`),
      );
    });
  });
}

/** A node that votes, and the questions about its sets. */
class Asked {
  private constructor(
    private readonly subject: Subject,
    readonly handle: NodeHandle,
  ) {}

  static async of(stages: NodeStage): Promise<Asked> {
    const handle = await stages.fresh();
    return new Asked(await Subject.voting(handle), handle);
  }

  get voter(): Subject['node'] {
    return this.subject.node;
  }

  grantableTick(): Promise<number> {
    return this.subject.grantableTick();
  }

  digest(tasks: readonly string[]): string {
    return this.voter.digestOf?.(tasks) ?? '';
  }

  async beat(tasks: readonly string[], question: Parameters<Subject['node']['beat']>[3]): Promise<BeatReply> {
    return answerOf(await this.voter.beat('me', SIGN, tasks, question));
  }

  async keep(tasks: readonly string[], digest = this.digest(tasks)): Promise<void> {
    await this.beat(tasks, { kind: 'keep', digest, count: tasks.length });
  }

  async ask(tasks: readonly string[], count = tasks.length): Promise<readonly NodeTick[] | undefined> {
    return (await this.beat([], { kind: 'ask', digest: this.digest(tasks), count })).standby;
  }

  async claim(tasks: readonly string[], tick: number, claimIdOf: (index: number) => string): Promise<void> {
    const claims = tasks.map((task, index) => ({
      ...claimOf(task, tick, claimIdOf(index)),
      maxLatenessMs: LATENESS_MS,
    }));
    const { votes } = answerOf(await this.voter.claim(claims, await this.subject.terms()));
    expect(votes.map(({ kind }) => kind)).toEqual(tasks.map(() => 'granted'));
  }
}
