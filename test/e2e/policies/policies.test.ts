import { describe, it } from 'vitest';
import { untilTime } from '../../support/stage.js';
import { PolicyStage } from './policy-stage.js';

const PERIOD_MS = 2_000;

describe.concurrent('policies on real masters and processes', () => {
  it('retakes the tick of a replica that is killed during its run: next attempt, larger token, same key', async ({
    expect,
    onTestFinished,
  }) => {
    const stage = await PolicyStage.open(3, PERIOD_MS, { recovery: 'retake' });
    onTestFinished(() => stage.close());
    stage.work(1_500);
    const first = await stage.nextStart();
    await stage.kill(first.instanceId);
    const killedMs = Date.now();
    const second = await stage.nextStart();
    expect(second).toMatchObject({
      tick: first.tick,
      attempt: 2,
      fencingToken: first.fencingToken + 1,
      idempotencyKey: first.idempotencyKey,
    });
    expect(second.instanceId).not.toBe(first.instanceId);
    expect(second.atMs - killedMs).toBeLessThan(3_000);
    await stage.until(
      () => stage.outcomes.some(({ tick, outcome }) => tick === first.tick && outcome === 'success') === true,
    );
  });

  it('makes up for every tick that all replicas have missed, oldest first, each once', async ({
    expect,
    onTestFinished,
  }) => {
    const stage = await PolicyStage.open(2, PERIOD_MS, { misfire: 'all' });
    onTestFinished(() => stage.close());
    const { tick: last } = await stage.nextStart();
    await stage.killAll();
    await untilTime(last + 4 * PERIOD_MS + 1_000);
    await Promise.all([stage.join(), stage.join()]);
    await stage.until(() => stage.startsSince(last + 5 * PERIOD_MS).length >= 1);
    const ticks = stage.startsSince(last).map(({ tick }) => (tick - last) / PERIOD_MS);
    expect(ticks.slice(0, 6)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('ends a run for a later tick, which starts on time, where a task has overlap: cancel_other', async ({
    expect,
    onTestFinished,
  }) => {
    const stage = await PolicyStage.open(3, PERIOD_MS, { overlap: 'cancel_other' });
    onTestFinished(() => stage.close());
    stage.work(60_000);
    const first = await stage.nextStart();
    const second = await stage.nextStart();
    expect(second.tick).toBe(first.tick + PERIOD_MS);
    expect(second.atMs - second.tick).toBeLessThan(0.4 * PERIOD_MS);
    await stage.until(
      () =>
        stage.outcomes.some(({ tick, outcome }) => tick === first.tick && outcome === 'cancelled') === true,
    );
  });

  it('starts the first tick that came due when a run ends, where a task has overlap: buffer_one', async ({
    expect,
    onTestFinished,
  }) => {
    const stage = await PolicyStage.open(3, PERIOD_MS, { overlap: 'buffer_one' });
    onTestFinished(() => stage.close());
    stage.work(2 * PERIOD_MS + 1_500);
    const first = await stage.nextStart();
    stage.work(10);
    const second = await stage.nextStart();
    const third = await stage.nextStart();
    expect([second.tick, third.tick].map((tick) => (tick - first.tick) / PERIOD_MS)).toEqual([1, 3]);
    expect(second.atMs - first.tick).toBeGreaterThan(2 * PERIOD_MS + 1_400);
  });

  it('hands the run of a replica that is told to stop to another one after its time, where a task has recovery: retake', async ({
    expect,
    onTestFinished,
  }) => {
    const stage = await PolicyStage.open(2, PERIOD_MS, { recovery: 'retake' });
    onTestFinished(() => stage.close());
    stage.work(60_000);
    const first = await stage.nextStart();
    const second = stage.nextStart();
    await stage.kill(first.instanceId, 'SIGTERM');
    expect(await second).toMatchObject({ tick: first.tick, attempt: 2 });
  });
});
