import { beforeEach, describe, expect, it } from 'vitest';
import { runOnce } from '#src/once/run-once.js';
import { StoreOutage } from '#src/once/store-patience.js';
import { type OnceStage, onceStage, TAKEOVER_MS, UNREACHABLE } from './broken-store.js';

const JOB = { jobId: '0123456789abcdef0123456789abcdef' };

let stage: OnceStage;
let runs: number;
const effect = (tx: string): string => {
  runs += 1;
  return `${tx} ${runs}`;
};
const snapshotOf = async () => {
  const reply = await stage.store.read(JOB.jobId);
  return reply.answered ? reply.snapshot : undefined;
};

beforeEach(() => {
  stage = onceStage();
  runs = 0;
});

describe('an attempt at a job', () => {
  it('runs the effect with the transaction, and writes down that it has succeeded', async () => {
    expect(await runOnce(stage.parts, JOB, effect)).toMatchObject({ kind: 'ran', output: 'transaction 1' });
    expect(await snapshotOf()).toMatchObject({ status: 'success', attempt: 1 });
  });

  it('is answered from the snapshot when the job has succeeded, without the effect', async () => {
    stage.cache.isLost = true;
    await runOnce(stage.parts, JOB, effect);
    expect(await runOnce(stage.parts, JOB, effect)).toMatchObject({
      kind: 'replayed',
      output: 'transaction 1',
    });
    expect(runs).toBe(1);
  });

  it('is answered from the cache without asking the store', async () => {
    await runOnce(stage.parts, JOB, effect);
    const asked = stage.store.begins.length;
    expect(await runOnce(stage.parts, JOB, effect)).toMatchObject({
      kind: 'replayed',
      output: 'transaction 1',
    });
    expect(stage.store.begins).toHaveLength(asked);
  });

  it('publishes a success only after it is written', async () => {
    stage.store.nextEnds = [{ kind: 'superseded' }];
    await runOnce(stage.parts, JOB, effect);
    expect(stage.cache.published).toEqual([]);
  });

  it('replays a large output as its digest only', async () => {
    const large = 'x'.repeat(1_000);
    await runOnce(stage.parts, JOB, () => large);
    const result = await runOnce(stage.parts, JOB, () => large);
    expect(result).toMatchObject({ kind: 'replayed', output: undefined });
    expect((await snapshotOf())?.output?.digest).toMatch(/^[0-9a-f]{64}$/);
  });

  it('throws what the effect throws, and writes the failure down', async () => {
    await expect(
      runOnce(stage.parts, JOB, () => {
        throw new TypeError('no ink');
      }),
    ).rejects.toThrow('no ink');
    expect(await snapshotOf()).toMatchObject({ status: 'failed', error: 'TypeError: no ink' });
    expect(await runOnce(stage.parts, JOB, effect)).toMatchObject({ kind: 'ran', snapshot: { attempt: 2 } });
  });

  it('says pending while another one is at it, and does not wait for it', async () => {
    await stage.store.begin({ ...JOB, attemptId: 'another' });
    expect((await runOnce(stage.parts, JOB, effect)).kind).toBe('pending');
    expect(runs).toBe(0);
    expect(stage.clock.monotonicMs()).toBe(0);
  });

  it('takes over from one that died, when the bound has passed', async () => {
    await stage.store.begin({ ...JOB, attemptId: 'another' });
    stage.clock.jump(TAKEOVER_MS);
    expect(await runOnce(stage.parts, JOB, effect)).toMatchObject({ kind: 'ran', snapshot: { attempt: 2 } });
  });

  it('says superseded to a smaller token, and does not run', async () => {
    await stage.store.begin({ ...JOB, attemptId: 'another', fencingToken: 8 });
    const result = await runOnce(stage.parts, { ...JOB, fencingToken: 7 }, effect);
    expect(result).toMatchObject({ kind: 'superseded', hasRun: false });
    expect(runs).toBe(0);
  });

  it('says so when it was taken over while its effect ran', async () => {
    const result = await runOnce(stage.parts, { ...JOB, fencingToken: 7 }, async () => {
      await stage.store.begin({ ...JOB, attemptId: 'another', fencingToken: 8 });
    });
    expect(result).toMatchObject({ kind: 'superseded', hasRun: true, snapshot: { fencingToken: 8 } });
  });

  it.each(['success', 'failed'] as const)(
    'refuses another input for a job that has ended as %s',
    async (how) => {
      const job = { ...JOB, input: { amount: 1, to: 'a' } };
      const work = how === 'success' ? effect : () => Promise.reject(new Error('no'));
      await runOnce(stage.parts, job, work).catch(() => undefined);
      await expect(
        runOnce(stage.parts, { ...JOB, input: { amount: 2, to: 'a' } }, effect),
      ).rejects.toMatchObject({
        code: 'DSCHED_KEY_REUSED',
      });
      // The order of keys is nobody's business.
      await expect(
        runOnce(stage.parts, { ...JOB, input: { to: 'a', amount: 1 } }, effect),
      ).resolves.toBeDefined();
    },
  );
});

describe('a store that does not answer', () => {
  it('is asked again after 100, 200, 400 … ms, at most 5 s, and a tenth of jitter', async () => {
    stage.store.nextBegins = Array.from({ length: 9 }, () => UNREACHABLE);
    const running = runOnce(stage.parts, JOB, effect);
    await stage.clock.advance(40_000);
    expect(await running).toMatchObject({ kind: 'ran' });
    const gaps = stage.store.begins.map((atMs, index, all) => Math.round(atMs - (all[index - 1] ?? 0)));
    expect(gaps).toEqual([0, 110, 220, 440, 880, 1_760, 3_520, 5_500, 5_500, 5_500]);
  });

  it('is given up at the deadline, with its reason', async () => {
    stage.store.nextBegins = Array.from({ length: 99 }, () => UNREACHABLE);
    const running = runOnce(stage.parts, JOB, effect);
    const failing = expect(running).rejects.toMatchObject({
      code: 'DSCHED_STORE_UNREACHABLE',
      message: expect.stringContaining('ECONNREFUSED'),
    });
    await stage.clock.advance(60_000);
    await failing;
    expect(runs).toBe(0);
    expect(stage.store.begins.at(-1)).toBeLessThanOrEqual(30_000);
  });

  it('is told of once while any number of calls wait for it, and again when it answers', async () => {
    const lines: string[] = [];
    const outage = new StoreOutage(stage.clock, (line) => lines.push(line));
    stage.store.nextBegins = Array.from({ length: 8 }, () => UNREACHABLE);
    const both = [JOB, { jobId: 'f'.repeat(32) }].map((job) =>
      runOnce({ ...stage.parts, outage }, job, effect),
    );
    await stage.clock.advance(50);
    expect(lines).toEqual([
      'The snapshot store does not answer: ECONNREFUSED. Calls of runOnce wait for it for up to 30 s.',
    ]);
    await stage.clock.advance(10_000);
    expect(await Promise.all(both)).toMatchObject([{ kind: 'ran' }, { kind: 'ran' }]);
    expect(lines.slice(1)).toEqual(['The snapshot store answers again after 2 s.']);
  });

  it('is not waited for any longer once the run has been told to end', async () => {
    stage.store.nextBegins = Array.from({ length: 99 }, () => UNREACHABLE);
    const run = new AbortController();
    const running = runOnce({ ...stage.parts, signal: run.signal }, JOB, effect);
    const failing = expect(running).rejects.toMatchObject({ code: 'DSCHED_STORE_UNREACHABLE' });
    await stage.clock.advance(1_000);
    run.abort();
    await failing;
    expect(stage.clock.monotonicMs()).toBe(1_000);
  });

  it('is told of a success again, until it has answered', async () => {
    stage.store.nextEnds = [UNREACHABLE, UNREACHABLE];
    const running = runOnce(stage.parts, JOB, effect);
    await stage.clock.advance(1_000);
    expect(await running).toMatchObject({ kind: 'ran' });
    expect(stage.store.ends).toEqual(['unreachable', 'unreachable', 'written']);
    expect(runs).toBe(1);
  });

  it('leaves it open whether a success was written', async () => {
    stage.store.nextEnds = Array.from({ length: 99 }, () => UNREACHABLE);
    const failing = expect(runOnce(stage.parts, JOB, effect)).rejects.toThrow(
      'whether the success was written is unknown',
    );
    await stage.clock.advance(60_000);
    await failing;
  });
});

describe('a store that rolls back for reasons of its own', () => {
  it('makes the effect run again, and nothing else', async () => {
    stage.store.nextEnds = [{ kind: 'undone', reason: '40001' }];
    stage.clock.jump(TAKEOVER_MS);
    const running = runOnce(stage.parts, JOB, async (tx) => {
      stage.clock.jump(TAKEOVER_MS);
      return effect(tx);
    });
    expect(await running).toMatchObject({ kind: 'ran', output: 'transaction 2' });
  });

  it('may say so in the middle of the effect', async () => {
    const running = runOnce(stage.parts, JOB, (tx) => {
      const output = effect(tx);
      if (runs === 1) throw new Error('serialisation failure');
      return output;
    });
    expect(await running).toMatchObject({ kind: 'ran', output: 'transaction 2' });
    expect(stage.store.abandoned).toBe(1);
  });

  it('is given up after five times', async () => {
    const running = runOnce(stage.parts, JOB, () => {
      runs += 1;
      throw new Error('serialisation failure');
    });
    await expect(running).rejects.toThrow('serialisation failure');
    expect(runs).toBe(5);
    expect(await snapshotOf()).toMatchObject({ status: 'failed' });
  });

  it('does not make a run begin again that has been told to end', async () => {
    const run = new AbortController();
    stage.store.nextEnds = [{ kind: 'undone', reason: 'connection lost' }];
    const running = runOnce({ ...stage.parts, signal: run.signal }, JOB, (tx) => {
      run.abort(new Error('lease lost'));
      return effect(tx);
    });
    await expect(running).rejects.toThrow('lease lost');
    expect(runs).toBe(1);
  });
});
