import { afterEach, describe, expect, it } from 'vitest';
import { Stage, untilTime } from '../support/stage.js';

const SECOND_MS = 1_000;
const LEASE_TTL_MS = 3_000;

describe('a majority of the masters that is gone', () => {
  let stage: Stage;
  afterEach(async () => stage.close());

  const outcomesSince = (epochMs: number): readonly string[] =>
    stage.replicas.flatMap(({ messages }) =>
      messages.flatMap((message) =>
        message.type === 'tick' && message.tick >= epochMs ? [message.outcome] : [],
      ),
    );
  const readiness = async (): Promise<unknown> => {
    const answer = await stage.replicas[0]?.get('/health/ready');
    return JSON.stringify(answer?.body);
  };

  it('lets nothing run, says so, and runs by the second tick after it returned with its memory', async () => {
    stage = await Stage.open({ env: { TASK_MS: '5' } });
    const from = await stage.settled();
    for (const master of stage.masters.slice(0, 2)) master.pause();
    await untilTime(from + 5 * SECOND_MS);
    const lostMs = from + 2 * SECOND_MS;
    expect(stage.record.starts().filter(({ tick }) => tick >= lostMs)).toEqual([]);
    expect(new Set(outcomesSince(lostMs))).toEqual(new Set(['no_quorum']));
    expect(await readiness()).toMatch(/degraded|down/);
    expect((await stage.replicas[0]?.get('/health/live'))?.status).toBe(200);

    await untilTime(from + 6 * SECOND_MS + 400);
    const returnedMs = Date.now();
    for (const master of stage.masters.slice(0, 2)) master.resume();
    const lines = await stage.record.until('a run', (seen) => (seen.at(-1)?.tick ?? 0) >= returnedMs);
    const firstRun = lines.find(({ tick }) => tick >= returnedMs);
    expect(firstRun?.tick).toBeLessThanOrEqual(returnedMs + 2 * SECOND_MS);
    await stage.settled();
    expect(stage.record.account(from, await stage.settled()).doubled).toEqual([]);
    expect(await readiness()).toMatch(/"status":"ok"/);
  });

  it('runs again within the quarantine and a tick when the masters come back empty', async () => {
    stage = await Stage.open({ env: { TASK_MS: '5' } });
    const from = await stage.settled();
    await Promise.all(stage.masters.slice(0, 2).map((master) => master.kill()));
    await untilTime(from + 4 * SECOND_MS);
    await Promise.all(stage.masters.slice(0, 2).map((master) => master.start()));
    const returnedMs = Date.now();
    const lines = await stage.record.until('a run', (seen) => (seen.at(-1)?.startedMs ?? 0) >= returnedMs);
    const firstRun = lines.find(({ startedMs }) => startedMs >= returnedMs);
    expect((firstRun?.startedMs ?? 0) - returnedMs).toBeLessThanOrEqual(LEASE_TTL_MS + 1_500);
    expect(stage.record.account(from, await stage.settled()).doubled).toEqual([]);
  });
});
