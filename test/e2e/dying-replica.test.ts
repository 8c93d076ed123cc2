import { afterEach, describe, expect, it } from 'vitest';
import { Stage, untilTime } from '../support/stage.js';

const SECOND_MS = 1_000;

describe('a replica that dies', () => {
  let stage: Stage;
  afterEach(async () => stage.close());

  it('loses no tick by kill -9 while idle: the next starts within 300 ms of its second', async () => {
    stage = await Stage.open({ env: { TASK_MS: '5' } });
    const first = (await stage.settled()) + SECOND_MS;
    for (let death = 0; death < 3; death += 1) {
      const [end] = (
        await stage.record.until('a finished run', (lines) => lines.at(-1)?.phase === 'end')
      ).slice(-1);
      const winner = stage.replica(end?.replica);
      await untilTime((end?.tick ?? 0) + 500);
      await winner.kill('SIGKILL');
      const next = (end?.tick ?? 0) + SECOND_MS;
      const lines = await stage.record.until('the next tick', (seen) =>
        seen.some(({ tick }) => tick === next),
      );
      const start = lines.find(({ tick }) => tick === next);
      expect(start?.replica).not.toBe(winner.name);
      expect((start?.startedMs ?? 0) - next).toBeLessThanOrEqual(300);
      await stage.join();
      await stage.settled();
    }
    const last = (await stage.settled()) - SECOND_MS;
    expect(stage.record.account(first, last)).toMatchObject({ doubled: [], missed: [] });
  });

  it('loses no tick by kill -9 during a run: its lock is freed and the next tick runs', async () => {
    stage = await Stage.open({ env: { TASK_MS: '700' } });
    const first = (await stage.settled()) + SECOND_MS;
    for (let death = 0; death < 3; death += 1) {
      const before = stage.record.last()?.tick ?? 0;
      const lines = await stage.record.until('a new run', (seen) => (seen.at(-1)?.tick ?? 0) > before);
      const start = lines.at(-1);
      await untilTime((start?.tick ?? 0) + 400);
      await stage.replica(start?.replica).kill('SIGKILL');
      const next = (start?.tick ?? 0) + SECOND_MS;
      await stage.record.until('the next tick', (seen) => seen.some(({ tick }) => tick === next));
      await stage.join();
      await stage.settled();
    }
    const last = (await stage.settled()) - SECOND_MS;
    expect(stage.record.account(first, last)).toMatchObject({ doubled: [], missed: [] });
  });

  it('loses no tick by SIGTERM: the run is drained, the process ends with 0 and the next replica takes over', async () => {
    stage = await Stage.open({ env: { TASK_MS: '300' } });
    const first = (await stage.settled()) + SECOND_MS;
    for (let deploy = 0; deploy < 3; deploy += 1) {
      const before = stage.record.last()?.tick ?? 0;
      const lines = await stage.record.until('a new run', (seen) => (seen.at(-1)?.tick ?? 0) > before);
      const start = lines.at(-1);
      const code = await stage.replica(start?.replica).kill('SIGTERM');
      expect(code).toBe(0);
      const phases = stage.record.lines().filter(({ tick }) => tick === start?.tick);
      expect(phases.map(({ phase }) => phase)).toEqual(['start', 'end']);
      await stage.join();
    }
    const last = (await stage.settled()) - SECOND_MS;
    expect(stage.record.account(first, last)).toMatchObject({ doubled: [], missed: [] });
  });

  it('hands its ticks over while it is stopped by SIGSTOP, and runs none of them when it wakes', async () => {
    stage = await Stage.open({ env: { TASK_MS: '5' } });
    const first = (await stage.settled()) + SECOND_MS;
    const winner = stage.replica(stage.record.last()?.replica);
    await untilTime((stage.record.last()?.tick ?? 0) + 500);
    winner.pause();
    await untilTime(Date.now() + 3_000);
    winner.resume();
    const last = (await stage.settled()) - SECOND_MS;
    expect(stage.record.account(first, last)).toMatchObject({ doubled: [], missed: [] });
  });
});
