import { describe, expect, it } from 'vitest';
import { PolicyStage, workFor } from './policy-stage.js';

/** Work that does not listen to its signal. */
function deafFor(stage: () => PolicyStage, durationMs: number): () => Promise<void> {
  return async () => {
    const { clock } = stage().cluster;
    await clock.sleepUntil(clock.monotonicMs() + durationMs);
  };
}

describe('overlap: buffer_one', () => {
  it('starts the first tick that came due at the moment at which the run ends', async () => {
    const stage: PolicyStage = new PolicyStage({ overlap: 'buffer_one' }, (context, { tick }) =>
      workFor(() => stage, tick === 0 ? 12_000 : 10)(context),
    );
    await stage.set();
    await stage.until(18_000);
    expect(stage.startOf(1)?.atMs).toBeCloseTo(12_000, 0);
    expect(stage.outcomes(1)).toEqual(['buffered', 'buffered', 'success']);
    expect(stage.outcomes(2)).toEqual(['overlap', 'overlap', 'overlap']);
  });

  it('is not told as over by the instances that do not hold the run, which do not know what waits for its end', async () => {
    const stage: PolicyStage = new PolicyStage(
      { overlap: 'buffer_one' },
      workFor(() => stage, 7_000),
    );
    await stage.set();
    await stage.until(29_000);
    const details = stage.details(2);
    expect(details).toHaveLength(2);
    for (const detail of details)
      expect(detail).toMatch(/^lock held by .*, which may start it when its run has ended$/);
  });

  it('buffers another tick during the run of a buffered one', async () => {
    const stage: PolicyStage = new PolicyStage(
      { overlap: 'buffer_one' },
      workFor(() => stage, 7_000),
    );
    await stage.set();
    await stage.until(29_000);
    expect(stage.starts.map(({ tick, atMs }) => [tick, Math.round(atMs)])).toEqual([
      [0, 0],
      [1, 7_000],
      [2, 14_000],
      [3, 21_000],
      [5, 28_000],
    ]);
  });

  it('loses the buffered tick with the instance that holds it', async () => {
    const stage: PolicyStage = new PolicyStage({ overlap: 'buffer_one' }, (context, { tick }) =>
      workFor(() => stage, tick === 0 ? 30_000 : 10)(context),
    );
    await stage.set();
    await stage.until(8_000);
    stage.kill(stage.starts[0]?.instanceId ?? '');
    await stage.until(19_000);
    expect(stage.story()).toEqual(['0', '2', '3']);
  });

  it('says of a buffered tick how it ended when the app shuts down', async () => {
    const stage: PolicyStage = new PolicyStage(
      { overlap: 'buffer_one' },
      workFor(() => stage, 7_000),
    );
    await stage.set();
    await stage.until(6_000);
    await stage.stopAll();
    await stage.until(9_000);
    expect(stage.story()).toEqual(['0']);
    expect(stage.outcomes(1)).toContain('stopped');
  });
});

describe('overlap: cancel_other', () => {
  it('aborts the run exactly when the later tick is due, and starts it there', async () => {
    const stage: PolicyStage = new PolicyStage(
      { overlap: 'cancel_other' },
      workFor(() => stage, 30_000),
    );
    await stage.set();
    await stage.until(6_000);
    expect(stage.outcomes(0)).toEqual(['cancelled']);
    expect(stage.startOf(1)?.atMs).toBeCloseTo(5_000, 0);
    expect(stage.startOf(1)?.instanceId).toBe(stage.startOf(0)?.instanceId);
  });

  it('waits for a handler that takes its time to stop, within the lateness limit', async () => {
    const stage: PolicyStage = new PolicyStage({ overlap: 'cancel_other' }, async (context, { tick }) => {
      await workFor(() => stage, tick === 0 ? 30_000 : 10)(context);
      if (tick === 0) await deafFor(() => stage, 1_500)();
    });
    await stage.set();
    await stage.until(8_000);
    expect(stage.startOf(1)?.atMs).toBeCloseTo(6_500, 0);
  });

  it('passes over ticks while a handler ignores its signal', async () => {
    const stage: PolicyStage = new PolicyStage({ overlap: 'cancel_other' }, (_, { tick }) =>
      deafFor(() => stage, tick === 0 ? 13_000 : 10)(),
    );
    await stage.set();
    await stage.until(16_000);
    expect(stage.story()).toEqual(['0', '3']);
    expect(stage.outcomes(0)).toEqual(['cancelled']);
    expect(stage.outcomes(1)).toEqual(['overlap', 'overlap', 'overlap']);
  });

  it('cancels nothing that ends before the tick', async () => {
    const stage: PolicyStage = new PolicyStage(
      { overlap: 'cancel_other' },
      workFor(() => stage, 4_990),
    );
    await stage.set();
    await stage.until(11_000);
    expect(stage.outcomes(0)).toEqual(['success']);
    expect(stage.outcomes(1)).toEqual(['success']);
  });
});

describe('recovery: retake', () => {
  it('makes the next attempt on another instance within two beats of seeing the death', async () => {
    const stage: PolicyStage = new PolicyStage({ recovery: 'retake' }, (context, { attempt, instanceId }) => {
      if (attempt === 1) stage.kill(instanceId);
      return workFor(() => stage, 100)(context);
    });
    await stage.set();
    await stage.until(4_900);
    const [first, second] = stage.starts;
    expect(second).toMatchObject({ tick: 0, attempt: 2, tokenStep: 1 });
    expect(second?.instanceId).not.toBe(first?.instanceId);
    expect(stage.outcomes(0)).toEqual(['success']);
  });

  it('takes up a tick that its winner never started', async () => {
    const stage: PolicyStage = new PolicyStage({ recovery: 'retake' }, () => undefined);
    await stage.set();
    // The winner has claimed tick 0 by now, and starts it only when its time has come.
    await stage.until(-10);
    const winner = stage.cluster.members.find(({ scheduler }) => scheduler.status().leases.length > 0);
    for (const { id } of stage.cluster.members) if (id === (winner?.id ?? 'instance-2')) stage.kill(id);
    await stage.until(4_900);
    expect(stage.story()).toEqual(['0 again']);
  });

  it('does not take up a tick whose run was reported as failed', async () => {
    const stage: PolicyStage = new PolicyStage({ recovery: 'retake' }, (_, { tick }) => {
      if (tick === 0) throw new Error('no');
    });
    await stage.set();
    await stage.until(6_000);
    expect(stage.story()).toEqual(['0', '1']);
  });

  it('takes up a run that the shutdown of its instance has aborted', async () => {
    const stage: PolicyStage = new PolicyStage({ recovery: 'retake' }, (context, { attempt }) =>
      workFor(() => stage, attempt === 1 ? 30_000 : 10)(context),
    );
    await stage.set();
    await stage.until(500);
    const holder = stage.cluster.members.find(({ id }) => id === stage.starts[0]?.instanceId);
    void holder?.scheduler.stop();
    await stage.until(14_000);
    expect(stage.starts[1]).toMatchObject({ tick: 0, attempt: 2 });
    expect(stage.starts[1]?.instanceId).not.toBe(holder?.id);
  });

  it('does not take up a tick that is older than withinMs', async () => {
    const stage: PolicyStage = new PolicyStage(
      { recovery: 'retake', recoveryWithinMs: 2_000 },
      (context, { attempt, instanceId }) => {
        if (attempt === 1) stage.kill(instanceId);
        return workFor(() => stage, 100)(context);
      },
    );
    await stage.set();
    await stage.until(4_900);
    expect(stage.story()).toEqual(['0']);
  });

  it('leaves a long run alone while its instance lives', async () => {
    const stage: PolicyStage = new PolicyStage({ recovery: 'retake' }, (context, { tick }) =>
      workFor(() => stage, tick === 0 ? 23_000 : 10)(context),
    );
    await stage.set();
    await stage.until(26_000);
    expect(stage.story()).toEqual(['0', '5']);
    expect(stage.outcomes(0)).toEqual(['success']);
  });

  it('comes before the next tick, which then follows within its own time', async () => {
    const stage: PolicyStage = new PolicyStage(
      { recovery: 'retake' },
      (context, { attempt, tick, instanceId }) => {
        if (tick === 0 && attempt === 1) stage.kill(instanceId);
        return workFor(() => stage, 600)(context);
      },
    );
    await stage.set();
    await stage.until(9_000);
    expect(stage.story()).toEqual(['0', '0 again', '1']);
    expect(stage.startOf(1)?.atMs).toBeLessThan(7_000);
  });
});

describe('misfire: latest and all', () => {
  it('start a tick that an instance comes back for while it is still in time', async () => {
    for (const misfire of ['latest', 'all'] as const) {
      const stage = new PolicyStage({ misfire }, () => undefined);
      await stage.set();
      await stage.until(2_500);
      await stage.stopAll();
      await stage.until(5_900);
      stage.join();
      await stage.until(9_500);
      expect(stage.story()).toEqual(['0', '1']);
    }
  });

  it('make up for nothing more of a task that is removed meanwhile', async () => {
    const stage: PolicyStage = new PolicyStage({ misfire: 'all' }, (context, { tick }) =>
      workFor(() => stage, tick === 0 ? 10 : 6_000)(context),
    );
    await stage.set();
    await stage.until(2_500);
    await stage.stopAll();
    await stage.until(17_500);
    const { scheduler } = stage.join();
    await stage.until(22_000);
    expect(stage.story()).toEqual(['0', '1']);
    scheduler.remove('settle');
    await stage.until(80_000);
    expect(stage.story()).toEqual(['0', '1']);
  });

  it('do not give up what is left when one look into the ledger is not answered', async () => {
    let isSilent = false;
    const stage: PolicyStage = new PolicyStage({ misfire: 'all' }, async (_, { tick }) => {
      isSilent = tick === 1;
    });
    stage.silencePeeks(() => {
      const answersNot = isSilent;
      isSilent = false;
      return answersNot;
    });
    await stage.set();
    await stage.until(2_500);
    await stage.stopAll();
    await stage.until(17_500);
    stage.join();
    await stage.until(19_500);
    expect(stage.story()).toEqual(['0', '1', '2', '3']);
  });
});
