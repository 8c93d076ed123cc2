import { expect, it } from 'vitest';
import { DEFAULT_RETRY } from '#src/protocol/contract/task-policies.js';
import type { TickContext } from '#src/protocol/contract/tick-context.js';
import { PERIOD_MS, PolicyStage, workFor } from '../run/policy-stage.js';

const RETRY = { ...DEFAULT_RETRY, attempts: 2, baseMs: 400, jitter: 0 };

it('a run is told the claim that has won it, and a retry that of its own attempt', async () => {
  const contexts: TickContext[] = [];
  const stage = new PolicyStage({ retry: RETRY }, (context) => {
    contexts.push(context);
    if (context.attempt === 1) throw new Error('once more');
  });
  await stage.set();
  await stage.until(2_000);
  expect(contexts).toHaveLength(2);
  expect(contexts.map(({ claimId }) => claimId)).toEqual(
    contexts.map(({ fencingToken }) => stage.won.get(fencingToken)),
  );
  expect(new Set(contexts.map(({ claimId }) => claimId)).size).toBe(2);
});

it('a tick that was buffered is told its own claim', async () => {
  const contexts: TickContext[] = [];
  const work = workFor(() => stage, PERIOD_MS + 1_000);
  const stage: PolicyStage = new PolicyStage({ overlap: 'buffer_one' }, (context) => {
    contexts.push(context);
    return work(context);
  });
  await stage.set();
  await stage.until(PERIOD_MS + 2_000);
  expect(contexts).toHaveLength(2);
  expect(contexts.map(({ claimId }) => claimId)).toEqual(contexts.map(({ tick }) => stage.won.get(tick)));
});

it('where runs may overlap, further attempts are made under the claim of the first', async () => {
  const contexts: TickContext[] = [];
  const stage = new PolicyStage({ retry: RETRY, overlap: 'allow' }, (context) => {
    contexts.push(context);
    if (context.attempt === 1) throw new Error('once more');
  });
  await stage.set();
  await stage.until(2_000);
  expect(contexts.map(({ attempt }) => attempt)).toEqual([1, 2]);
  expect(new Set(contexts.map(({ claimId }) => claimId))).toEqual(
    new Set([stage.won.get(contexts[0]?.tick ?? 0)]),
  );
});

it('a retry whose claim is applied, and whose answers are lost, is made all the same', async () => {
  const contexts: TickContext[] = [];
  const stage = new PolicyStage({ retry: RETRY }, (context) => {
    contexts.push(context);
    if (context.attempt > 1) return;
    stage.loseAnswersToClaims(1);
    throw new Error('once more');
  });
  await stage.set();
  await stage.until(2_000);
  expect(contexts.map(({ attempt }) => attempt)).toEqual([1, 2]);
  expect(stage.outcomes(0)).toEqual(['success']);
});

it('a retry whose claim was given up, and could not be taken back at first, is made with another claim', async () => {
  const contexts: TickContext[] = [];
  const stage = new PolicyStage({ retry: { ...RETRY, deadlineMs: 4_500 } }, (context) => {
    contexts.push(context);
    if (context.attempt > 1) return;
    // More copies than an open claim has.
    stage.loseAnswersToClaims(8);
    throw new Error('once more');
  });
  await stage.set();
  await stage.until(4_900);
  expect(contexts.map(({ attempt }) => attempt)).toEqual([1, 2]);
  expect(stage.outcomes(0)).toEqual(['success']);
});
