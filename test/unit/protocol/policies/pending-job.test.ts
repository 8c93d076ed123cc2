import { describe, expect, it } from 'vitest';
import { DistributedScheduleError } from '#src/protocol/contract/errors.js';
import { DEFAULT_POLICIES, DEFAULT_RETRY } from '#src/protocol/contract/task-policies.js';
import { isJobPending, pendingDelayMs } from '#src/protocol/policies/pending-job.js';
import { reportsOf } from '../../../support/tasks.js';
import { PolicyStage, type Start } from '../run/policy-stage.js';

const pending = (): Error => new DistributedScheduleError('DSCHED_JOB_PENDING', 'another attempt is at it');
/** As an ORM or a service of the application may pass it on. */
const wrapped = (): Error =>
  new Error('settling failed', { cause: new Error('query', { cause: pending() }) });

const RETAKE = { recovery: 'retake' } as const;
const secondsOf = (starts: readonly Start[]): readonly number[] =>
  starts.map(({ atMs }) => Math.round(atMs / 1_000));

/** Tick 0 meets another attempt at its job so often. */
function pendingFor(attempts: number, thrown: () => Error = pending) {
  return (_: unknown, { tick, attempt }: Start) => {
    if (tick === 0 && attempt <= attempts) throw thrown();
  };
}

describe('a run whose job another attempt is at', () => {
  it.each([
    ['thrown as it is', pending],
    ['as the cause of what is thrown', wrapped],
  ])(
    'is made again by the scheduler alone, after growing pauses, until it succeeds: %s',
    async (_, thrown) => {
      const stage = new PolicyStage(RETAKE, pendingFor(3, thrown));
      await stage.set();
      await stage.until(19_000);
      const ofTick = stage.starts.filter(({ tick }) => tick === 0);
      expect(secondsOf(ofTick)).toEqual([0, 2, 6, 14]);
      expect(ofTick.map(({ tokenStep }) => tokenStep)).toEqual([0, 1, 2, 3]);
      expect(stage.outcomes(0)).toEqual(['success']);
      expect(stage.startOf(3)).toBeDefined();
    },
  );

  it('is told as failed when it is pending at every attempt, and is closed', async () => {
    const stage = new PolicyStage(RETAKE, pendingFor(99));
    await stage.set();
    await stage.until(90_000);
    const ofTick = stage.starts.filter(({ tick }) => tick === 0);
    expect(secondsOf(ofTick)).toEqual([0, 2, 6, 14, 30, 62]);
    const [report] = stage.cluster.members
      .flatMap(({ events }) => reportsOf(events))
      .filter(({ outcome }) => outcome === 'failed');
    expect(stage.outcomes(0)).toEqual(['failed']);
    expect(report).toMatchObject({
      attempt: 6,
      error: { code: 'DSCHED_JOB_PENDING' },
      detail: 'another attempt was still at its job',
    });
  });

  it('is not made again when withinMs has passed', async () => {
    const stage = new PolicyStage({ ...RETAKE, recoveryWithinMs: 3_000 }, pendingFor(99));
    await stage.set();
    await stage.until(20_000);
    expect(secondsOf(stage.starts.filter(({ tick }) => tick === 0))).toEqual([0, 2]);
    expect(stage.outcomes(0)).toEqual(['failed']);
  });

  it('is left to another instance when its own shuts down in a pause', async () => {
    const stage = new PolicyStage(RETAKE, pendingFor(2));
    await stage.set();
    await stage.until(3_000);
    const holder = stage.cluster.members.find(({ id }) => id === stage.starts[0]?.instanceId);
    void holder?.scheduler.stop();
    await stage.until(14_000);
    const third = stage.startOf(0, 3);
    expect(third?.tokenStep).toBe(2);
    expect(third?.instanceId).not.toBe(holder?.id);
    expect(stage.outcomes(0)).toEqual(['aborted', 'success']);
  });

  it('is retaken when its instance dies in a pause', async () => {
    const stage = new PolicyStage(RETAKE, pendingFor(2));
    await stage.set();
    await stage.until(3_000);
    const [first] = stage.starts;
    stage.kill(first?.instanceId ?? '');
    await stage.until(14_000);
    expect(stage.startOf(0, 3)?.instanceId).not.toBe(first?.instanceId);
    expect(stage.outcomes(0)).toEqual(['success']);
  });

  it('comes before a tick that has waited for it, where no majority answers in time', async () => {
    const stage = new PolicyStage({ ...RETAKE, overlap: 'buffer_one' }, pendingFor(2));
    let claims = 0;
    stage.leaveUnheard((instant) => {
      if (instant === 2) claims += 1;
      return instant === 2 && claims <= 3;
    });
    await stage.set();
    await stage.until(14_000);
    expect(stage.story().slice(0, 3)).toEqual(['0', '0 again', '0 again']);
    expect(stage.startOf(0, 3)).toBeDefined();
    expect(stage.outcomes(0)).toEqual(['aborted', 'success']);
    expect(stage.outcomes(1)).toContain('overlap');
  });

  it('does not use up the attempts of a retry policy', async () => {
    const retry = { ...DEFAULT_RETRY, attempts: 2, baseMs: 400, jitter: 0 };
    const stage = new PolicyStage({ ...RETAKE, retry }, (_, { tick, attempt }) => {
      if (tick === 0 && attempt === 1) throw pending();
      if (tick === 0 && attempt === 2) throw new Error('no ink');
    });
    await stage.set();
    await stage.until(4_000);
    expect(stage.starts.map(({ atMs }) => Math.round(atMs / 100))).toEqual([0, 20, 24]);
    expect(stage.outcomes(0)).toEqual(['success']);
  });

  it('makes room for a later tick that cancels it', async () => {
    const stage = new PolicyStage({ ...RETAKE, overlap: 'cancel_other' }, pendingFor(99));
    await stage.set();
    await stage.until(9_000);
    expect(stage.story()).toEqual(['0', '0 again', '1']);
  });

  it('fails as any other where nothing says that the tick is to be retaken', async () => {
    const stage = new PolicyStage({}, pendingFor(99));
    await stage.set();
    await stage.until(9_000);
    expect(stage.story()).toEqual(['0', '1']);
    expect(stage.outcomes(0)).toEqual(['failed']);
  });

  it('is repeated as any other failure by a retry policy alone', async () => {
    const retry = { ...DEFAULT_RETRY, baseMs: 400, jitter: 0 };
    const stage = new PolicyStage({ retry }, pendingFor(2));
    await stage.set();
    await stage.until(4_000);
    expect(stage.starts.map(({ atMs }) => Math.round(atMs))).toEqual([0, 400, 1_200]);
    expect(stage.outcomes(0)).toEqual(['success']);
  });
});

describe('what says that a job is pending', () => {
  it('is the code, of whichever copy of the library, within a bound', () => {
    expect(isJobPending({ code: 'DSCHED_JOB_PENDING' })).toBe(true);
    expect(isJobPending(new Error('DSCHED_JOB_PENDING'))).toBe(false);
    expect(isJobPending(undefined)).toBe(false);
    const ring: { cause?: unknown } = {};
    ring.cause = ring;
    expect(isJobPending(ring)).toBe(false);
    const hostile = new Proxy(
      {},
      {
        get: () => {
          throw new Error('hands off');
        },
      },
    );
    expect(isJobPending(hostile)).toBe(false);
  });

  it('has pauses that double up to a minute, as many as retakes may be made', () => {
    const policies = { ...DEFAULT_POLICIES, ...RETAKE, mostRetakes: 30, recoveryWithinMs: 86_400_000 };
    const pauses = Array.from({ length: 8 }, (_, before) =>
      pendingDelayMs(policies, { attempt: before + 1, pauses: before, sinceTickMs: 0 }),
    );
    expect(pauses).toEqual([2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    expect(pendingDelayMs(policies, { attempt: 31, pauses: 0, sinceTickMs: 0 })).toBeUndefined();
    const none = { ...policies, mostRetakes: 0 };
    expect(pendingDelayMs(none, { attempt: 1, pauses: 0, sinceTickMs: 0 })).toBeUndefined();
  });
});
