/** What every snapshot store must do, in memory, in Redis and in PostgreSQL. The memory store is the model. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobStart, KeptValue, OpenAttempt, Snapshot, SnapshotStore } from '#src/once/snapshot-store.js';
import { sha256Hex } from '#src/tasks/sha256.js';

/** A store as two instances see it, and what can happen to an attempt. */
export interface SnapshotStage {
  readonly mine: SnapshotStore;
  readonly yours: SnapshotStore;
  /** The process of an attempt dies. */
  crash(attempt: OpenAttempt<unknown>): Promise<void>;
  /** Resolves when a pending attempt that died before is taken for dead by the store's clock. */
  passTakeover(): Promise<void>;
  close(): Promise<void>;
}

type Job = Omit<JobStart, 'attemptId'>;

const OUTPUT: KeptValue = { digest: sha256Hex('{"sum":7}'), json: '{"sum":7}' };

export function describeSnapshotStore(name: string, start: () => Promise<SnapshotStage>): void {
  describe(`the snapshot store ${name}`, () => {
    let stage: SnapshotStage;
    let jobs = 0;
    let attempts = 0;

    const newJob = (given: Omit<Job, 'jobId'> = {}): Job => {
      jobs += 1;
      return { jobId: sha256Hex(`${name} ${jobs}`).slice(0, 32), ...given };
    };
    const tryBegin = (store: SnapshotStore, job: Job): ReturnType<SnapshotStore['begin']> => {
      attempts += 1;
      return store.begin({ ...job, attemptId: `attempt-${attempts}` });
    };
    const begin = async (store: SnapshotStore, job: Job): Promise<OpenAttempt<unknown>> => {
      const verdict = await tryBegin(store, job);
      if (verdict.kind !== 'begun') throw new Error(`not begun: ${JSON.stringify(verdict)}`);
      return verdict.attempt;
    };
    const kindOf = async (store: SnapshotStore, job: Job): Promise<string> =>
      (await tryBegin(store, job)).kind;
    const read = async (store: SnapshotStore, { jobId }: Job): Promise<Snapshot | undefined> => {
      const reply = await store.read(jobId);
      if (!reply.answered) throw new Error(reply.reason);
      return reply.snapshot;
    };

    beforeAll(async () => {
      stage = await start();
    });
    afterAll(async () => stage?.close());

    it('knows nothing of a job that nobody has begun', async () => {
      expect(await read(stage.mine, newJob())).toBeUndefined();
    });

    it('shows everybody that a job is pending as soon as an attempt has begun', async () => {
      const input = { digest: sha256Hex('[1]'), json: '[1]' };
      const job = newJob({ fencingToken: 1_700_000_000_001, input });
      const attempt = await begin(stage.mine, job);
      const seen = await read(stage.yours, job);
      expect(seen).toEqual(attempt.snapshot);
      expect(seen).toMatchObject({
        jobId: job.jobId,
        status: 'pending',
        attempt: 1,
        fencingToken: 1_700_000_000_001,
        input,
      });
      expect(seen?.begunAtUs).toBe(seen?.updatedAtUs);
      await attempt.abandon();
    });

    it('answers with the snapshot once the job has succeeded, for good and to everybody', async () => {
      const job = newJob();
      const attempt = await begin(stage.mine, job);
      const end = await attempt.succeed(OUTPUT);
      expect(end).toMatchObject({ kind: 'written', snapshot: { status: 'success', attempt: 1 } });
      const again = await tryBegin(stage.yours, { ...job, fencingToken: 9 });
      expect(again).toEqual({ kind: 'done', snapshot: await read(stage.mine, job) });
      expect(again).toMatchObject({ snapshot: { output: { digest: OUTPUT.digest } } });
      expect(JSON.parse(again.kind === 'done' ? (again.snapshot.output?.json ?? '') : '')).toEqual({
        sum: 7,
      });
    });

    it('keeps a success whose output has no digest, or no JSON', async () => {
      for (const output of [{}, { digest: sha256Hex('long') }]) {
        const job = newJob();
        await (await begin(stage.mine, job)).succeed(output);
        expect((await read(stage.yours, job))?.output ?? {}).toEqual(output);
      }
    });

    it('answers pending while another attempt is at the job, and begins none', async () => {
      const job = newJob();
      const attempt = await begin(stage.mine, job);
      expect(await kindOf(stage.yours, job)).toBe('pending');
      expect(await attempt.succeed(OUTPUT)).toMatchObject({ kind: 'written' });
      expect(await kindOf(stage.yours, job)).toBe('done');
    });

    it('lets exactly one of many begin that come at the same time', async () => {
      const job = newJob();
      const verdicts = await Promise.all(
        [stage.mine, stage.yours, stage.mine, stage.yours].map((store) => tryBegin(store, job)),
      );
      const begun = verdicts.flatMap((verdict) => (verdict.kind === 'begun' ? [verdict.attempt] : []));
      expect(verdicts.map(({ kind }) => kind).sort()).toEqual(['begun', 'pending', 'pending', 'pending']);
      await begun[0]?.abandon();
    });

    it('lets a failed job begin again, counting attempts, and shows the error until then', async () => {
      const job = newJob();
      const first = await begin(stage.mine, job);
      expect(await first.fail('Error: no ink')).toMatchObject({ kind: 'written' });
      expect(await read(stage.yours, job)).toMatchObject({ status: 'failed', error: 'Error: no ink' });
      const second = await begin(stage.yours, job);
      expect(second.snapshot).toMatchObject({ status: 'pending', attempt: 2 });
      expect(second.snapshot.error).toBeUndefined();
      expect(second.snapshot.updatedAtUs).toBeGreaterThan(first.snapshot.updatedAtUs);
      await second.succeed(OUTPUT);
    });

    it('keeps the first input of a job', async () => {
      const job = newJob({ input: { digest: 'a', json: '1' } });
      await (await begin(stage.mine, job)).fail('no');
      const second = await begin(stage.mine, { ...job, input: { digest: 'b', json: '2' } });
      expect(second.snapshot.input).toEqual({ digest: 'a', json: '1' });
      await second.abandon();
    });

    it('refuses an attempt with a smaller token than the newest one, be it pending or failed', async () => {
      const job = newJob({ fencingToken: 11 });
      const attempt = await begin(stage.mine, job);
      await stage.crash(attempt);
      const stale = { ...job, fencingToken: 10 };
      expect(await tryBegin(stage.yours, stale)).toMatchObject({
        kind: 'superseded',
        snapshot: { fencingToken: 11 },
      });
      await stage.passTakeover();
      expect(await kindOf(stage.yours, stale)).toBe('superseded');
      await (await begin(stage.yours, job)).fail('no');
      expect(await kindOf(stage.yours, stale)).toBe('superseded');
    });

    it('lets a larger token take over a job whose attempt has died, at once', async () => {
      const job = newJob({ fencingToken: 10 });
      await stage.crash(await begin(stage.mine, job));
      const second = await begin(stage.yours, { ...job, fencingToken: 11 });
      expect(second.snapshot).toMatchObject({ attempt: 2, fencingToken: 11 });
      await second.abandon();
    });

    it('lets anybody take over a job whose attempt has died, once the bound has passed', async () => {
      const job = newJob();
      await stage.crash(await begin(stage.mine, job));
      expect(await read(stage.yours, job)).toMatchObject({ status: 'pending', attempt: 1 });
      await stage.passTakeover();
      const second = await begin(stage.yours, job);
      expect(await second.succeed(OUTPUT)).toMatchObject({ kind: 'written', snapshot: { attempt: 2 } });
    });

    it('refuses the end of an attempt whose job was taken over', async () => {
      const job = newJob({ fencingToken: 1 });
      const first = await begin(stage.mine, job);
      await stage.crash(first);
      const second = await begin(stage.yours, { ...job, fencingToken: 2 });
      expect((await first.succeed(OUTPUT)).kind).not.toBe('written');
      expect((await first.fail('late')).kind).toBe('superseded');
      expect(await second.succeed(OUTPUT)).toMatchObject({ kind: 'written', snapshot: { attempt: 2 } });
      expect(await read(stage.mine, job)).toMatchObject({ status: 'success', fencingToken: 2 });
    });

    it('takes an end that is repeated for the same end', async () => {
      const failing = await begin(stage.mine, newJob());
      const first = await failing.fail('no');
      expect(await failing.fail('no')).toEqual(first);
    });

    it('says which store it is, the same to both instances and as often as it is asked', async () => {
      const identity = await stage.mine.identify?.();
      expect(identity).toMatchObject({ answered: true, identity: expect.stringMatching(/./) });
      await (await begin(stage.mine, newJob())).succeed(OUTPUT);
      expect([await stage.yours.identify?.(), await stage.mine.identify?.()]).toEqual([identity, identity]);
    });

    it('lets updated_at grow with every change', async () => {
      const job = newJob();
      const instants: number[] = [];
      for (const end of ['fail', 'fail', 'succeed'] as const) {
        const attempt = await begin(stage.mine, job);
        instants.push(attempt.snapshot.updatedAtUs);
        await (end === 'fail' ? attempt.fail('no') : attempt.succeed(OUTPUT));
        instants.push((await read(stage.mine, job))?.updatedAtUs ?? 0);
      }
      expect(instants).toEqual([...new Set(instants)].sort((a, b) => a - b));
    });

    it('keeps texts of any kind', async () => {
      const job = newJob();
      await (await begin(stage.mine, job)).fail('"quote" \u0000 \ud800 ☃ \n');
      expect((await read(stage.yours, job))?.error).toMatch(/^"quote" .+ ☃ \n$/su);
      const json = JSON.stringify({ text: 'a\u0000b ☃ "' });
      await (await begin(stage.mine, job)).succeed({ digest: sha256Hex(json), json });
      const output = (await read(stage.yours, job))?.output;
      expect(output?.digest).toBe(sha256Hex(json));
      if (output?.json !== undefined) expect(JSON.parse(output.json)).toEqual({ text: 'a\u0000b ☃ "' });
    });
  });
}
