import { describe, expect, it } from 'vitest';
import { JobLine } from '#src/once/job-line.js';
import type { BeginVerdict, JobStart, OpenAttempt, Snapshot } from '#src/once/snapshot-store.js';
import { ManualClock } from '#src/testing/manual-clock.js';

const WAIT_MS = 2_000;
const TAKEOVER_MS = 60_000;
const PENDING: Snapshot = { jobId: 'a', status: 'pending', attempt: 1, begunAtUs: 1, updatedAtUs: 1 };
const SUCCESS: Snapshot = { ...PENDING, status: 'success', updatedAtUs: 2 };

type Verdict = BeginVerdict<string>;

/** A store that begins every attempt it is asked for, and counts. */
class Stage {
  readonly clock = new ManualClock();
  readonly line = new JobLine<string>({ clock: this.clock, waitMs: WAIT_MS, takeoverMs: TAKEOVER_MS });
  readonly begun: string[] = [];
  answer: () => Promise<Verdict> = async () => ({ kind: 'begun', attempt: this.attempt() });

  async begin(name: string, given: Partial<JobStart> = {}, signal?: AbortSignal): Promise<Verdict> {
    return this.line.begin({ jobId: 'a', attemptId: name, ...given }, signal, () => {
      this.begun.push(name);
      return this.answer();
    });
  }

  async open(name: string, given: Partial<JobStart> = {}): Promise<OpenAttempt<string>> {
    const verdict = await this.begin(name, given);
    if (verdict.kind !== 'begun') throw new Error(verdict.kind);
    return verdict.attempt;
  }

  attempt(end: 'written' | 'unreachable' = 'written'): OpenAttempt<string> {
    return {
      snapshot: PENDING,
      tx: 'tx',
      succeed: async () =>
        end === 'written' ? { kind: 'written', snapshot: SUCCESS } : { kind: 'unreachable', reason: 'gone' },
      fail: async () => ({ kind: 'written', snapshot: { ...PENDING, status: 'failed' } }),
      abandon: async () => undefined,
    };
  }
}

/** What it has come to by now. */
function watch(verdict: Promise<Verdict>): { kind?: string } {
  const seen: { kind?: string } = {};
  void verdict.then(({ kind }) => {
    seen.kind = kind;
  });
  return seen;
}

describe('attempts of one process at the same job', () => {
  it('stand in line, and are answered from the success without asking the store', async () => {
    const stage = new Stage();
    const first = await stage.open('first');
    const others = Array.from({ length: 19 }, (_, n) => stage.begin(`other ${n}`));
    await stage.clock.advance(100);
    expect(stage.begun).toEqual(['first']);
    await first.succeed({});
    expect(await Promise.all(others)).toEqual(Array(19).fill({ kind: 'done', snapshot: SUCCESS }));
    expect(stage.begun).toEqual(['first']);
    // Nothing is left of it.
    await stage.open('later');
    expect(stage.begun).toEqual(['first', 'later']);
  });

  it.each(['fail', 'abandon'] as const)('go on one at a time, in their order, after %s', async (end) => {
    const stage = new Stage();
    const first = await stage.open('first');
    const second = stage.open('second');
    const third = stage.open('third');
    await stage.clock.advance(10);
    await first[end]('no');
    await (await second)[end]('no');
    await (await third)[end]('no');
    expect(stage.begun).toEqual(['first', 'second', 'third']);
  });

  it('are pending after the time for which one waits for another one, with what is known of that', async () => {
    const stage = new Stage();
    await stage.open('first');
    const second = stage.begin('second');
    const seen = watch(second);
    await stage.clock.advance(WAIT_MS - 1);
    expect(seen).toEqual({});
    await stage.clock.advance(1);
    expect(await second).toEqual({ kind: 'pending', snapshot: PENDING });
    expect(stage.begun).toEqual(['first']);
  });

  it('stop waiting when their own signal aborts, and nobody else does', async () => {
    const stage = new Stage();
    await stage.open('first');
    const run = new AbortController();
    const leaving = stage.begin('leaving', {}, run.signal);
    const staying = watch(stage.begin('staying'));
    await stage.clock.advance(10);
    run.abort();
    expect(await leaving).toMatchObject({ kind: 'pending' });
    expect(staying).toEqual({});
  });

  it('let a larger token pass at once, which is then the one to wait for', async () => {
    const stage = new Stage();
    const stale = await stage.open('stale', { fencingToken: 7 });
    const smaller = watch(stage.begin('smaller', { fencingToken: 7 }));
    await stage.open('fresh', { fencingToken: 8 });
    expect(stage.begun).toEqual(['stale', 'fresh']);
    await stale.fail('ended');
    await stage.clock.advance(10);
    expect(smaller).toEqual({});
    expect(stage.begun).toEqual(['stale', 'fresh']);
    await stage.clock.advance(WAIT_MS);
    expect(smaller).toEqual({ kind: 'pending' });
  });

  it('let a larger token pass one without a token, where an earlier attempt at the job had one', async () => {
    const stage = new Stage();
    const known = { ...stage.attempt(), snapshot: { ...PENDING, fencingToken: 7 } };
    stage.answer = async () => ({ kind: 'begun', attempt: known });
    await stage.open('without');
    await stage.open('fresh', { fencingToken: 8 });
    expect(stage.begun).toEqual(['without', 'fresh']);
  });

  it('pass one whose effect goes on for longer than takeoverMs: the store may know that its attempt has ended', async () => {
    const stage = new Stage();
    await stage.open('deaf');
    await stage.clock.advance(TAKEOVER_MS - 500);
    const next = watch(stage.begin('next'));
    await stage.clock.advance(499);
    expect(next).toEqual({});
    await stage.clock.advance(1);
    expect(next).toEqual({ kind: 'begun' });
  });

  it.each(['pending', 'unreachable', 'superseded'] as const)(
    'are not kept waiting by one that the store has answered with %s',
    async (kind) => {
      const stage = new Stage();
      stage.answer = async () => ({ kind, reason: 'gone', snapshot: PENDING });
      expect(await stage.begin('first')).toMatchObject({ kind });
      expect(await stage.begin('second')).toMatchObject({ kind });
      expect(stage.begun).toEqual(['first', 'second']);
    },
  );

  it('are not kept waiting by one that has thrown, or whose end has no answer', async () => {
    const stage = new Stage();
    stage.answer = () => Promise.reject(new Error('refused'));
    await expect(stage.begin('refused')).rejects.toThrow('refused');
    stage.answer = async () => ({ kind: 'begun', attempt: stage.attempt('unreachable') });
    const first = await stage.open('first');
    const second = stage.begin('second');
    expect(await first.succeed({})).toMatchObject({ kind: 'unreachable' });
    expect((await second).kind).toBe('begun');
  });

  it('at another job do not wait', async () => {
    const stage = new Stage();
    await stage.open('first');
    await stage.open('other', { jobId: 'b' });
  });
});
