/** Standby sets: the words of a short answer, and an instance that tells a set, looks, and looks again after a change. */

import { digestOf } from '#src/memory/memory-standby-sets.js';
import type { NodeTick } from '#src/protocol/contract/ports.js';
import type { StandbyQuestion } from '#src/protocol/contract/standby-set.js';
import type { ModelSide } from './model-side.js';
import { type Operation, POSITION } from './operation.js';
import type { Answer, Step } from './step.js';
import { bringUp } from './step-series.js';
import { View } from './view.js';

export function wordsOfStandby(ticks: readonly NodeTick[] | undefined): Answer {
  if (ticks === undefined) return ['silent'];
  return ticks.map(({ tick, claimId = '-', floor, prunedUpTo, isShort, isLeftBehind }) =>
    isShort === true
      ? `short ${tick} ${claimId}`
      : `full ${tick} ${claimId} ${floor ?? '-'} ${prunedUpTo ?? '-'}${isLeftBehind === true ? ' left' : ''}`,
  );
}

type StandBy = Extract<Operation, { readonly kind: 'stand by' }>;

export function* standBy(operation: StandBy, model: ModelSide): Generator<Step> {
  const { tasks, claims, change, waitMs, countStep, isOtherDigest } = operation;
  yield* bringUp(model);
  const tick = Math.max(Number(model.state().get('floor')), model.nowMs) + 1;
  yield { kind: 'clock', toMs: Math.max(model.nowMs, tick) };
  yield claim(model, tick, claims);
  const [digest, count] = [digestOf(tasks), tasks.length];
  yield beat(model, tasks, {
    kind: 'keep',
    digest: isOtherDigest ? digestOf([...tasks, '']) : digest,
    count,
  });
  const look = (): Step => beat(model, [], { kind: 'ask', digest, count: Math.max(1, count + countStep) });
  yield look();
  const changed = claims.slice(0, 1);
  if (change === 'give back')
    yield { kind: 'ask', question: { kind: 'give back', claims: claimsAt(tick, changed) } };
  if (change === 'claim') yield claim(model, tick + 1, changed);
  // After a fail-back the claims stand, and the floor is above them.
  if (change === 'fail back' || change === 'evict ledger') yield { kind: 'mishap', mishap: { kind: change } };
  yield { kind: 'clock', toMs: Math.max(1, model.nowMs + waitMs) };
  yield look();
}

const claimsAt = (tick: number, claims: StandBy['claims']) =>
  claims.map(({ task, claimId }) => ({ task, tick, claimId, maxLatenessMs: 30_000 }));

function claim(model: ModelSide, tick: number, claims: StandBy['claims']): Step {
  const view = new View(model);
  const { position } = view;
  const terms = { set: view.set({ generationStep: 0 }), ids: view.ids([[position, {}]]), deadlineMs: 0 };
  return { kind: 'ask', question: { kind: 'claim', position, terms, claims: claimsAt(tick, claims) } };
}

function beat(model: ModelSide, tasks: readonly string[], standby: StandbyQuestion): Step {
  const set = new View(model).set({ generationStep: 0 });
  const sign = { set, app: 'shop 1', standsSinceMs: undefined, yields: false, ids: {} };
  return {
    kind: 'ask',
    question: { kind: 'beat', position: POSITION, instanceId: 'ann', sign, tasks, standby },
  };
}
