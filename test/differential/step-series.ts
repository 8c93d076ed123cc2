/** Operations that take several steps, each worked out against what the node knows by then. */

import { ENDS_KEPT_MS } from '#src/protocol/contract/attempt-end.js';
import { PROTOCOL_VERSION } from '#src/protocol/contract/constants.js';
import { INSTANTS_AFTER_A_CLAIM, MIN_WINDOW_MS } from '#src/protocol/contract/prunable-lines.js';
import type { ModelSide } from './model-side.js';
import { INSTANCES, type Operation, POSITION, TASKS } from './operation.js';
import type { Step } from './step.js';
import { View } from './view.js';

export function* anew(): Generator<Step> {
  yield { kind: 'mishap', mishap: { kind: 'fail back' } };
  yield { kind: 'ask', question: { kind: 'peek', tasks: [] } };
}

/** First of all the guard must have made the id that is to be confirmed. */
export function* bringUp(model: ModelSide): Generator<Step> {
  yield { kind: 'ask', question: { kind: 'peek', tasks: [] } };
  const view = new View(model);
  const set = view.set({ generationStep: 0 });
  if (view.stamp === '' || view.stamp.startsWith('0 ')) {
    const stamp = { set, sinceMs: view.nowMs, app: 'shop 1' };
    yield {
      kind: 'ask',
      question: { kind: 'stamp', request: { stamp, expected: view.stamp, raiseFloor: false, deadlineMs: 0 } },
    };
  }
  const { position, nowMs } = view;
  const id = view.id(position);
  const notes = set.positions
    .filter((noter) => noter !== position)
    .map((noter) => ({
      ...{ noter, noterId: view.id(noter), timeMs: nowMs, hasVote: true, epoch: view.epoch },
      ids: { [position]: id, [noter]: view.id(noter) },
    }));
  yield {
    kind: 'ask',
    question: { kind: 'confirm', position, request: { id, set, notes, waitMs: undefined } },
  };
}

export function* growOld(
  { edgeMs, tasks }: Extract<Operation, { readonly kind: 'grow old' }>,
  model: ModelSide,
): Generator<Step> {
  yield* bringUp(model);
  const [floorMs, nowMs] = [Number(model.state().get('floor')), model.nowMs];
  yield { kind: 'clock', toMs: Math.max(floorMs, nowMs) + 1 };
  const tick = Math.max(floorMs, nowMs) + 1;
  const claimAt = (at: number, claimId: string): Step => {
    const view = new View(model);
    const { position } = view;
    const terms = { set: view.set({ generationStep: 0 }), ids: view.ids([[position, {}]]), deadlineMs: 0 };
    const claims = tasks.map((task) => ({ task, tick: at, claimId, maxLatenessMs: 30_000 }));
    return { kind: 'ask', question: { kind: 'claim', position, terms, claims } };
  };
  yield claimAt(tick, 'ann:5~');
  yield { kind: 'clock', toMs: tick + MIN_WINDOW_MS + INSTANTS_AFTER_A_CLAIM + edgeMs };
  yield { kind: 'ask', question: { kind: 'prune', request: { windowMs: 0, restMs: 0 } } };
  yield { kind: 'ask', question: { kind: 'peek', tasks } };
  yield claimAt(tick, 'bob:6~');
  const later = tick + INSTANTS_AFTER_A_CLAIM + edgeMs + 1;
  yield claimAt(later, 'bob:6~');
  const claims = tasks.map((task) => ({ task, tick: later, claimId: 'bob:6~', maxLatenessMs: 0 }));
  yield { kind: 'ask', question: { kind: 'give back', claims } };
  yield claimAt(later - 1, 'ann:5~');
}

export function* endsGrowOld(
  { task, edgeMs, count, mayOverlap }: Extract<Operation, { readonly kind: 'ends grow old' }>,
  model: ModelSide,
): Generator<Step> {
  const release = (first: number, many: number): Step => {
    const ends = Array.from({ length: many }, (_, index) => ({
      ...{
        instant: model.nowMs - first - index,
        claimId: `bob:${first + index}`,
        outcome: 'success' as const,
      },
    }));
    const locks = [
      { task, value: 'none', ttlMs: 300, ended: { line: task, ends, ...(mayOverlap && { mayOverlap }) } },
    ];
    return {
      kind: 'ask',
      question: { kind: 'release', instanceId: 'bob', deadlineMs: 0, meant: undefined, locks },
    };
  };
  yield release(100, count);
  yield { kind: 'clock', toMs: model.nowMs + ENDS_KEPT_MS + edgeMs };
  yield release(200, 1);
}

export function* nearlyNoted(
  { members, noters }: Extract<Operation, { readonly kind: 'nearly noted' }>,
  model: ModelSide,
): Generator<Step> {
  yield* anew();
  const view = new View(model);
  const set = view.set({ generationStep: 0, members });
  const stamp = { set, sinceMs: view.nowMs, app: 'shop 1' };
  const request = { stamp, expected: view.stamp, raiseFloor: false, deadlineMs: 0 };
  yield { kind: 'ask', question: { kind: 'stamp', request } };
  const id = view.id(POSITION);
  const notes = noters.map(([noter, hasVote]) => ({
    ...{ noter, noterId: view.id(noter), timeMs: view.nowMs, hasVote, epoch: view.epoch },
    ids: { [POSITION]: id, [noter]: view.id(noter) },
  }));
  const confirm = { id, set, notes, waitMs: undefined };
  yield { kind: 'ask', question: { kind: 'confirm', position: POSITION, request: confirm } };
}

export function* underAnotherVersion(model: ModelSide): Generator<Step> {
  // On a node that has a memory: there is nothing to leave alone on another one.
  yield { kind: 'ask', question: { kind: 'peek', tasks: TASKS } };
  yield { kind: 'mishap', mishap: { kind: 'version', version: 7 } };
  const view = new View(model);
  const terms = { set: view.set({ generationStep: 0 }), ids: view.ids([['n1', {}]]), deadlineMs: 0 };
  const claims = TASKS.map((task) => ({ task, tick: view.nowMs, claimId: 'ann:1', maxLatenessMs: 400 }));
  yield { kind: 'ask', question: { kind: 'claim', position: POSITION, terms, claims } };
  yield { kind: 'mishap', mishap: { kind: 'fail back' } };
  yield { kind: 'ask', question: { kind: 'peek', tasks: TASKS } };
  const locks = [{ task: TASKS[0] ?? '', value: 'aa', ttlMs: 300 }];
  yield {
    kind: 'ask',
    question: { kind: 'acquire', instanceId: 'ann', deadlineMs: 0, meant: undefined, locks },
  };
  yield { kind: 'mishap', mishap: { kind: 'version', version: PROTOCOL_VERSION } };
}

/** The guard must see the new run id before the way back to a master changes the replication id as well. */
export function restartAsReplica(): readonly Step[] {
  return [
    { kind: 'mishap', mishap: { kind: 'restart as a replica' } },
    { kind: 'ask', question: { kind: 'peek', tasks: TASKS } },
    { kind: 'mishap', mishap: { kind: 'fail back' } },
  ];
}

export function deathOf(instanceId: string, task: string, toMs: number): readonly Step[] {
  const heir = INSTANCES.find((id) => id !== instanceId);
  if (!INSTANCES.includes(instanceId) || heir === undefined) return [];
  const question = {
    kind: 'acquire',
    instanceId: heir,
    deadlineMs: 0,
    meant: undefined,
    locks: [{ task, value: 'd00d', ttlMs: 300 }],
  } as const;
  return [
    { kind: 'mishap', mishap: { kind: 'presence', instanceId, isPresent: false } },
    { kind: 'ask', question },
    { kind: 'clock', toMs },
    { kind: 'ask', question },
  ];
}
