import { describe, it } from 'vitest';
import { PolicyStage } from './policy-stage.js';

const PERIOD_MS = 2_000;
const LEASE_TTL_MS = 3_000;
/** A machine under load is late with everything. */
const SLACK_MS = 2_500;

describe.concurrent('handlers that never return, on real masters and processes', () => {
  it('are given up after giveUpAfterMs: the next tick runs on the other replica with a larger token, and the shutdown does not wait', async ({
    expect,
    onTestFinished,
  }) => {
    // Its lease runs out in the middle between two ticks, so that both replicas can bid for the next one.
    const giveUpAfterMs = 2_500;
    const stage = await PolicyStage.open(2, PERIOD_MS, { giveUpAfterMs });
    onTestFinished(() => stage.close());
    stage.work('for ever');
    const hung = await stage.nextStart();
    stage.work(10);
    const next = await stage.nextStart();
    expect(next.instanceId).not.toBe(hung.instanceId);
    expect(next.fencingToken).toBeGreaterThan(hung.fencingToken);
    expect(next.tick).toBeGreaterThan(hung.tick);
    expect(next.atMs - hung.atMs).toBeGreaterThan(giveUpAfterMs);
    expect(next.atMs - hung.atMs).toBeLessThan(giveUpAfterMs + LEASE_TTL_MS + PERIOD_MS + SLACK_MS);
    expect(stage.aborted).toMatchObject([{ tick: hung.tick, code: 'DSCHED_GIVEN_UP' }]);
    expect(stage.outcomes.filter(({ tick, outcome }) => tick === hung.tick && outcome !== 'taken')).toEqual([
      expect.objectContaining({ outcome: 'given_up', instanceId: hung.instanceId }),
    ]);
    const toldMs = Date.now();
    await stage.kill(hung.instanceId, 'SIGTERM');
    expect(Date.now() - toldMs).toBeLessThan(SLACK_MS);
  });

  it('run beside what hangs where only one replica lives', async ({ expect, onTestFinished }) => {
    const stage = await PolicyStage.open(1, PERIOD_MS, { giveUpAfterMs: 3_000 });
    onTestFinished(() => stage.close());
    stage.work('for ever');
    const hung = await stage.nextStart();
    stage.work(10);
    const next = await stage.nextStart();
    expect(next.instanceId).toBe(hung.instanceId);
    expect(next.fencingToken).toBeGreaterThan(hung.fencingToken);
  });

  it('are told when timeoutMs has passed, and as stuck ten seconds later, and keep their lock without giveUpAfterMs', async ({
    expect,
    onTestFinished,
  }) => {
    const stage = await PolicyStage.open(2, PERIOD_MS, { timeoutMs: 500 });
    onTestFinished(() => stage.close());
    stage.work('for ever');
    const hung = await stage.nextStart();
    await stage.until(() => stage.outcomes.some(({ outcome }) => outcome === 'timed_out'));
    expect(stage.outcomes.find(({ outcome }) => outcome === 'timed_out')?.tick).toBe(hung.tick);
    const starts = stage.starts.length;
    await stage.until(() => stage.stuck.length > 0);
    const [told] = stage.stuck;
    expect(told).toMatchObject({ tick: hung.tick, cause: 'deaf', instanceId: hung.instanceId });
    expect((told?.atMs ?? 0) - hung.atMs).toBeGreaterThan(10_300);
    expect((told?.atMs ?? 0) - hung.atMs).toBeLessThan(10_500 + SLACK_MS);
    expect(stage.starts).toHaveLength(starts);
  });
});
