import { describe, expect, it } from 'vitest';
import { DEFAULT_RETRY } from '#src/protocol/contract/task-policies.js';
import { reportsOf } from '../../../support/tasks.js';
import { PolicyStage, workFor } from './policy-stage.js';

const RETRY = { ...DEFAULT_RETRY, attempts: 3, baseMs: 400, jitter: 0 };

function failing(attempts: number) {
  return (_: unknown, { attempt }: { attempt: number }) => {
    if (attempt <= attempts) throw new Error(`attempt ${attempt}`);
  };
}

describe('a run that fails', () => {
  it('is repeated on the same instance after growing delays, with larger tokens and the same key', async () => {
    const keys = new Set<string>();
    const stage = new PolicyStage({ retry: RETRY }, (context, start) => {
      if (start.tick === 0) keys.add(context.idempotencyKey);
      return start.tick === 0 ? failing(2)(context, start) : undefined;
    });
    await stage.set();
    await stage.until(4_000);
    expect(stage.story()).toEqual(['0', '0 again', '0 again']);
    expect(stage.starts.map(({ atMs }) => Math.round(atMs))).toEqual([0, 400, 1_200]);
    expect(stage.starts.map(({ tokenStep }) => tokenStep)).toEqual([0, 1, 2]);
    expect(new Set(stage.starts.map(({ instanceId }) => instanceId)).size).toBe(1);
    expect(keys.size).toBe(1);
    expect(stage.outcomes(0)).toEqual(['success']);
  });

  it('is given up after so many attempts, and ends as failed', async () => {
    const stage = new PolicyStage({ retry: RETRY }, failing(9));
    await stage.set();
    await stage.until(4_000);
    expect(stage.starts).toHaveLength(3);
    expect(stage.outcomes(0)).toEqual(['failed']);
  });

  it('is not repeated after the deadline', async () => {
    const stage = new PolicyStage({ retry: { ...RETRY, deadlineMs: 1_000 } }, failing(9));
    await stage.set();
    await stage.until(4_000);
    expect(stage.starts.map(({ atMs }) => Math.round(atMs))).toEqual([0, 400]);
  });

  it('keeps its lock between attempts: a tick that comes due meanwhile is an overlap', async () => {
    const stage = new PolicyStage({ retry: { ...RETRY, baseMs: 7_500, capMs: 8_000 } }, failing(1));
    await stage.set();
    await stage.until(9_000);
    expect(stage.story()).toEqual(['0', '0 again']);
    expect(stage.outcomes(1)).toContain('overlap');
    expect(stage.outcomes(1)).not.toContain('success');
  });

  it('is repeated beside later runs where runs may overlap', async () => {
    const stage = new PolicyStage(
      { retry: { ...RETRY, baseMs: 6_000, capMs: 6_000 }, overlap: 'allow' },
      (context, start) => (start.tick === 0 ? failing(1)(context, start) : undefined),
    );
    await stage.set();
    await stage.until(7_000);
    expect(stage.story()).toEqual(['0', '1', '0 again']);
  });

  it('is not repeated when the app shuts down meanwhile', async () => {
    const stage = new PolicyStage({ retry: { ...RETRY, baseMs: 3_000 } }, failing(1));
    await stage.set();
    await stage.until(1_000);
    await stage.stopAll();
    await stage.until(4_500);
    expect(stage.story()).toEqual(['0']);
    expect(stage.outcomes(0)).toEqual(['failed']);
  });

  it('is not repeated when a later tick cancels it', async () => {
    const stage = new PolicyStage(
      { retry: { ...RETRY, baseMs: 8_000, capMs: 8_000 }, overlap: 'cancel_other' },
      (context, start) => (start.tick === 0 ? failing(1)(context, start) : undefined),
    );
    await stage.set();
    await stage.until(9_000);
    expect(stage.story()).toEqual(['0', '1']);
    expect(stage.startOf(1)?.atMs).toBeCloseTo(5_000, 0);
  });

  it('is told with its error and the delay before each new attempt', async () => {
    const stage = new PolicyStage({ retry: RETRY }, failing(1));
    await stage.set();
    await stage.until(2_000);
    const retries = stage.cluster.members.flatMap(({ events }) =>
      events.filter(({ type }) => type === 'retry'),
    );
    expect(retries).toMatchObject([{ attempt: 1, delayMs: 400, error: new Error('attempt 1') }]);
  });

  it('is retaken, and not retried from the first attempt, when its instance dies between two attempts', async () => {
    const stage: PolicyStage = new PolicyStage(
      { retry: { ...RETRY, baseMs: 3_000 }, recovery: 'retake' },
      (context, start) => {
        if (start.attempt > 1) return;
        stage.kill(start.instanceId);
        failing(1)(context, start);
      },
    );
    await stage.set();
    await stage.until(9_000);
    expect(stage.starts[1]).toMatchObject({ tick: 0, attempt: 2, tokenStep: 1 });
    expect(stage.starts[1]?.instanceId).not.toBe(stage.starts[0]?.instanceId);
  });
});

describe('a run that takes longer than timeoutMs', () => {
  it('is told by its signal, and ends as timed_out', async () => {
    const stage: PolicyStage = new PolicyStage(
      { timeoutMs: 700 },
      workFor(() => stage, 3_000),
    );
    await stage.set();
    await stage.until(2_000);
    expect(stage.outcomes(0)).toEqual(['timed_out']);
    const [report] = stage.cluster.members
      .flatMap(({ events }) => reportsOf(events))
      .filter(({ outcome }) => outcome === 'timed_out');
    expect(report?.durationMs).toBeCloseTo(700, 0);
    expect(report?.error).toMatchObject({ code: 'DSCHED_TIMED_OUT', task: 'settle' });
  });

  it('keeps its lock until it has returned, deaf as it may be', async () => {
    const stage: PolicyStage = new PolicyStage({ timeoutMs: 700 }, async (_, { tick }) => {
      const { clock } = stage.cluster;
      await clock.sleepUntil(clock.monotonicMs() + (tick === 0 ? 7_000 : 1));
    });
    await stage.set();
    await stage.until(11_000);
    expect(stage.story()).toEqual(['0', '2']);
    expect(stage.outcomes(0)).toEqual(['timed_out']);
  });

  it('is repeated like a failed one, each attempt with a time of its own', async () => {
    const stage: PolicyStage = new PolicyStage({ timeoutMs: 700, retry: RETRY }, (context, { attempt }) =>
      workFor(() => stage, attempt === 1 ? 3_000 : 600)(context),
    );
    await stage.set();
    await stage.until(4_000);
    expect(stage.starts.map(({ atMs }) => Math.round(atMs))).toEqual([0, 1_100]);
    expect(stage.outcomes(0)).toEqual(['success']);
  });

  it('is not told when it ends in time', async () => {
    let isAborted = false;
    const stage: PolicyStage = new PolicyStage({ timeoutMs: 700 }, async (context) => {
      await workFor(() => stage, 600)(context);
      context.signal.addEventListener('abort', () => {
        isAborted = true;
      });
    });
    await stage.set();
    await stage.until(4_000);
    expect(stage.outcomes(0)).toEqual(['success']);
    expect(isAborted).toBe(false);
  });
});
