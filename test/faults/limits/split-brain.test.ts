import { describe, expect, it, type TestContext } from 'vitest';
import { eventually } from '../../support/faults/fault.js';
import { doubledTicks, openPlainSplit, openSentinelSplit, type SplitScene } from './split-scene.js';

const WITHIN_MS = 60_000;
/** A promoted replica abstains for 3 s, and then a tick has to come. */
const TICKS_ON_THE_FAR_SIDE = 3;
/** A replica is asked once a second, and may lag one more. */
const LAG_NOTICED_WITHIN_MS = 3_000;
/** For a busy machine: a slow answer must not look like the cut. */
const PATIENT = { nodeTimeoutMs: 500 };
const ONE_REPLICA_LAGS_NO_SECOND = ['--min-replicas-to-write', '1', '--min-replicas-max-lag', '1'];

async function opened({ onTestFinished }: TestContext, opening: Promise<SplitScene>): Promise<SplitScene> {
  const scene = await opening;
  onTestFinished(() => scene.close());
  const { near, far } = scene;
  await eventually('ticks run', () => near.ran.length + far.ran.length >= 2, WITHIN_MS);
  expect(doubledTicks(scene)).toEqual([]);
  return scene;
}

/** Isolates the near side and waits until the far side has run a few ticks by itself. */
async function isolated(scene: SplitScene): Promise<number> {
  const cutMs = await scene.isolate();
  const { far } = scene;
  const isLater = (tick: number): boolean => tick > cutMs;
  const goesOn = (): boolean => far.ran.filter(isLater).length >= TICKS_ON_THE_FAR_SIDE;
  try {
    await eventually('the far side runs its ticks', goesOn, WITHIN_MS);
  } catch (error) {
    throw new Error(`far side: ${JSON.stringify(far.reports.slice(-TICKS_ON_THE_FAR_SIDE))}`, {
      cause: error,
    });
  }
  return cutMs;
}

/** The near side lives and bids on, and runs nothing. */
function requireVainBids({ near }: SplitScene, afterMs: number): void {
  const outcomes = near.outcomesAfter(afterMs);
  expect(outcomes).toContain('no_quorum');
  expect(outcomes).not.toContain('success');
  expect(near.ran.filter((tick) => tick > afterMs)).toEqual([]);
}

describe('an isolated master that one instance still reaches', () => {
  it.concurrent('runs ticks twice behind Sentinel, which promotes another: one vote is best effort', async (test) => {
    const scene = await opened(test, openSentinelSplit(1, [], PATIENT));
    const cutMs = await isolated(scene);
    const doubled = doubledTicks(scene);
    expect(doubled.length).toBeGreaterThan(0);
    expect(Math.min(...doubled)).toBeGreaterThan(cutMs);
  });

  it.concurrent('grants nothing with waitReplicas, for its standbys are on the other side', async (test) => {
    const scene = await opened(test, openSentinelSplit(2, [], { ...PATIENT, waitReplicas: 1 }));
    const cutMs = await isolated(scene);
    expect(doubledTicks(scene)).toEqual([]);
    requireVainBids(scene, cutMs);
  });

  it.concurrent('grants nothing with min-replicas-to-write, once its standbys lag', async (test) => {
    const scene = await opened(test, openSentinelSplit(2, ONE_REPLICA_LAGS_NO_SECOND, PATIENT));
    const cutMs = await isolated(scene);
    expect(doubledTicks(scene)).toEqual([]);
    // Until the lag is noticed it grants on; the promoted one abstains for longer than that.
    requireVainBids(scene, cutMs + LAG_NOTICED_WITHIN_MS);
  });

  it.concurrent('is one of three plain masters: it grants, but no majority does, and no tick runs twice', async (test) => {
    const scene = await opened(test, openPlainSplit(PATIENT));
    const cutMs = await isolated(scene);
    expect(doubledTicks(scene)).toEqual([]);
    requireVainBids(scene, cutMs);
  });
});
