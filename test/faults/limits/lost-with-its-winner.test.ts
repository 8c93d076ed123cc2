import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { describe, expect, it, type TestContext } from 'vitest';
import { Stage, untilTime } from '../../support/stage.js';

const SECOND_MS = 1_000;
/** Claims come 30 ms before the second; the watch begins a little earlier. */
const WATCH_FROM_MS = 60;
const TICKS_AFTERWARDS = 3;
/** A busy machine can let the second pass between the claim and the kill. */
const MAX_ATTEMPTS = 10;

async function openStage({ onTestFinished }: TestContext, taskMs: number): Promise<Stage> {
  const stage = await Stage.open({ env: { TASK_MS: String(taskMs) } });
  onTestFinished(() => stage.close());
  return stage;
}

/** Resolves to the claim of `tick` once a majority of the masters has it, or to nothing when its time has come. */
async function claimBefore(tick: number, masters: readonly Redis[]): Promise<string | undefined> {
  while (Date.now() < tick) {
    const stored = await Promise.all(masters.map((master) => master.hget('{demo}:ledger', 't:settle')));
    const claims = stored.flatMap((text) => {
      const [claimed, claimId] = (text ?? '').split(' ');
      return Number(claimed) === tick && claimId !== undefined ? [claimId] : [];
    });
    const winner = claims.find((claim, index) => claims.indexOf(claim) !== index);
    if (winner !== undefined) return winner;
    // Without it this loop takes the time of those whom it watches.
    await sleep(1);
  }
  return undefined;
}

/** Kills the winner of a tick between its claim and its start. Resolves to that tick, if it came in time. */
async function killClaimant(stage: Stage, masters: readonly Redis[]): Promise<number | undefined> {
  const tick = (await stage.settled()) + SECOND_MS;
  await untilTime(tick - WATCH_FROM_MS);
  const claim = await claimBefore(tick, masters);
  const instanceId = claim?.split(':')[0];
  const name = stage.record.starts().findLast((line) => line.instanceId === instanceId)?.replica;
  if (name === undefined) return undefined;
  await stage.replica(name).kill('SIGKILL');
  await untilTime(tick + SECOND_MS / 2);
  const started = stage.record.starts().some((line) => line.tick === tick);
  if (started) await stage.join();
  return started ? undefined : tick;
}

describe('a tick whose winner dies', () => {
  it.concurrent('is lost when that happens between claim and start: nobody runs it, and later ticks run', async (test) => {
    const stage = await openStage(test, 5);
    const masters = stage.masters.map((master) => master.client());
    let lost: number | undefined;
    for (let attempt = 0; lost === undefined && attempt < MAX_ATTEMPTS; attempt += 1) {
      lost = await killClaimant(stage, masters);
    }
    if (lost === undefined) throw new Error(`no winner was killed in time in ${MAX_ATTEMPTS} attempts`);
    const last = lost + TICKS_AFTERWARDS * SECOND_MS;
    await stage.record.until('later ticks', (lines) => lines.some(({ tick }) => tick >= last));
    // On a very slow machine another tick may miss its limit of lateness meanwhile.
    const { missed, doubled } = stage.record.account(lost, last);
    expect(missed[0]).toBe(lost);
    expect(missed.length).toBeLessThan(TICKS_AFTERWARDS);
    expect(doubled).toEqual([]);
  });

  it.concurrent('is not run again when that happens in the middle of its work; later ticks run', async (test) => {
    const stage = await openStage(test, 500);
    const before = await stage.settled();
    const lines = await stage.record.until('a new run', (seen) => (seen.at(-1)?.tick ?? 0) > before);
    const run = lines.at(-1);
    await stage.replica(run?.replica).kill('SIGKILL');
    const tick = run?.tick ?? 0;
    const last = tick + TICKS_AFTERWARDS * SECOND_MS;
    await stage.record.until('later ticks', (seen) => seen.some((line) => line.tick >= last));
    const phases = stage.record.lines().filter((line) => line.tick === tick);
    expect(phases.map(({ phase }) => phase)).toEqual(['start']);
    const { missed, doubled } = stage.record.account(tick, last);
    expect(missed.length).toBeLessThan(TICKS_AFTERWARDS);
    expect(doubled).toEqual([]);
  });
});
