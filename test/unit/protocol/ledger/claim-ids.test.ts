import { expect, it } from 'vitest';
import { DEFAULT_RETRY } from '#src/protocol/contract/task-policies.js';
import type { TickContext } from '#src/protocol/contract/tick-context.js';
import { PERIOD_MS, PolicyScene, workFor } from '../run/policy-scene.js';

const RETRY = { ...DEFAULT_RETRY, attempts: 2, baseMs: 400, jitter: 0 };

it('a run is told the claim that has won it, and a retry that of its own attempt', async () => {
  const contexts: TickContext[] = [];
  const scene = new PolicyScene({ retry: RETRY }, (context) => {
    contexts.push(context);
    if (context.attempt === 1) throw new Error('once more');
  });
  await scene.set();
  await scene.until(2_000);
  expect(contexts).toHaveLength(2);
  expect(contexts.map(({ claimId }) => claimId)).toEqual(
    contexts.map(({ fencingToken }) => scene.won.get(fencingToken)),
  );
  expect(new Set(contexts.map(({ claimId }) => claimId)).size).toBe(2);
});

it('a tick that was buffered is told its own claim', async () => {
  const contexts: TickContext[] = [];
  const work = workFor(() => scene, PERIOD_MS + 1_000);
  const scene: PolicyScene = new PolicyScene({ overlap: 'buffer_one' }, (context) => {
    contexts.push(context);
    return work(context);
  });
  await scene.set();
  await scene.until(PERIOD_MS + 2_000);
  expect(contexts).toHaveLength(2);
  expect(contexts.map(({ claimId }) => claimId)).toEqual(contexts.map(({ tick }) => scene.won.get(tick)));
});

it('where runs may overlap, further attempts are made under the claim of the first', async () => {
  const contexts: TickContext[] = [];
  const scene = new PolicyScene({ retry: RETRY, overlap: 'allow' }, (context) => {
    contexts.push(context);
    if (context.attempt === 1) throw new Error('once more');
  });
  await scene.set();
  await scene.until(2_000);
  expect(contexts.map(({ attempt }) => attempt)).toEqual([1, 2]);
  expect(new Set(contexts.map(({ claimId }) => claimId))).toEqual(
    new Set([scene.won.get(contexts[0]?.tick ?? 0)]),
  );
});

it('a retry whose claim is applied, and whose answers are lost, is made all the same', async () => {
  const contexts: TickContext[] = [];
  const scene = new PolicyScene({ retry: RETRY }, (context) => {
    contexts.push(context);
    if (context.attempt > 1) return;
    scene.loseAnswersToClaims(1);
    throw new Error('once more');
  });
  await scene.set();
  await scene.until(2_000);
  expect(contexts.map(({ attempt }) => attempt)).toEqual([1, 2]);
  expect(scene.outcomes(0)).toEqual(['success']);
});

it('a retry whose claim was given up, and could not be taken back at first, is made with another claim', async () => {
  const contexts: TickContext[] = [];
  const scene = new PolicyScene({ retry: { ...RETRY, deadlineMs: 4_500 } }, (context) => {
    contexts.push(context);
    if (context.attempt > 1) return;
    // More copies than an open claim has.
    scene.loseAnswersToClaims(8);
    throw new Error('once more');
  });
  await scene.set();
  await scene.until(4_900);
  expect(contexts.map(({ attempt }) => attempt)).toEqual([1, 2]);
  expect(scene.outcomes(0)).toEqual(['success']);
});
