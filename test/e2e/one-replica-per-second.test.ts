import { afterAll, describe, it } from 'vitest';
import { Stage, type StageOptions, untilTime } from '../support/stage.js';

const SECONDS = 60;
const SECOND_MS = 1_000;

/** Runs the stage for 60 due seconds and checks what the handlers wrote down. */
async function sixtySeconds(options: StageOptions, fault?: (stage: Stage) => Promise<void>) {
  const stage = await Stage.open({ ...options, env: { TASK_MS: '5' } });
  stages.push(stage);
  const first = (await stage.settled()) + SECOND_MS;
  const last = first + (SECONDS - 1) * SECOND_MS;
  await untilTime(first + 10 * SECOND_MS);
  await fault?.(stage);
  await untilTime(last + SECOND_MS);
  return stage.record.account(first, last);
}

const stages: Stage[] = [];
const EXACTLY_ONCE = { due: SECONDS, runs: SECONDS, doubled: [], missed: [] };

// The scenes are independent and mostly idle, so they share the minute.
describe.concurrent('a per-second task of 5 ms on three replicas and three masters, for 60 s', () => {
  afterAll(async () => {
    await Promise.all(stages.splice(0).map((stage) => stage.close()));
  });

  it('runs once every second', async ({ expect }) => {
    expect(await sixtySeconds({})).toMatchObject(EXACTLY_ONCE);
  });

  it('runs once every second with one event loop stalled 150 ms over every boundary', async ({ expect }) => {
    const envOf = (index: number): Record<string, string> => (index === 0 ? { STALL_MS: '150' } : {});
    expect(await sixtySeconds({ envOf })).toMatchObject(EXACTLY_ONCE);
  });

  it('runs once every second with one wall clock 2 s ahead and one 2 s behind', async ({ expect }) => {
    const offsets = ['2000', '-2000', '0'];
    const envOf = (index: number): Record<string, string> => ({ CLOCK_OFFSET_MS: offsets[index] ?? '0' });
    expect(await sixtySeconds({ envOf })).toMatchObject(EXACTLY_ONCE);
  });

  it('runs once every second when one master is killed', async ({ expect }) => {
    expect(await sixtySeconds({}, async ({ masters }) => masters[1]?.kill())).toMatchObject(EXACTLY_ONCE);
  });

  it('runs once every second when one master is restarted empty', async ({ expect }) => {
    expect(await sixtySeconds({}, async ({ masters }) => masters[2]?.restartEmpty())).toMatchObject(
      EXACTLY_ONCE,
    );
  });
});
