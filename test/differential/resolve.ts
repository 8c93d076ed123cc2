import { counterOf } from '#src/protocol/contract/ledger-id.js';
import type { Note } from '#src/protocol/contract/node-identity.js';
import { PROVISIONAL_MS } from '#src/protocol/contract/node-set.js';
import type { Claim, ShownClaims } from '#src/protocol/contract/ports.js';
import type { ModelSide } from './model-side.js';
import {
  type ClaimDraft,
  type LockDraft,
  type NoteDraft,
  type Operation,
  POSITION,
  TASKS,
} from './operation.js';
import { standBy } from './standby-steps.js';
import type { LockRequest, Question, Step } from './step.js';
import {
  anew,
  bringUp,
  deathOf,
  endsGrowOld,
  growOld,
  nearlyNoted,
  restartAsReplica,
  underAnotherVersion,
} from './step-series.js';
import { View } from './view.js';

/** Each step against what the node knows by then. */
export function* resolve(operation: Operation, model: ModelSide): Generator<Step> {
  const view = new View(model);
  switch (operation.kind) {
    case 'clock':
      return yield { kind: 'clock', toMs: view.instantMs(operation.to, operation.task) };
    case 'mishap':
      if (operation.mishap.kind === 'restart as a replica') return yield* restartAsReplica();
      return yield { kind: 'mishap', mishap: operation.mishap };
    case 'death':
      return yield* deathOf(view.holder(operation.task), operation.task, view.nowMs + operation.waitMs);
    case 'bring up':
      return yield* bringUp(model);
    case 'grow old':
      return yield* growOld(operation, model);
    case 'ends grow old':
      return yield* endsGrowOld(operation, model);
    case 'nearly noted':
      return yield* nearlyNoted(operation, model);
    case 'stand by':
      return yield* standBy(operation, model);
    case 'another version':
      return yield* underAnotherVersion(model);
    case 'confirm':
      if (operation.isAnew) yield* anew();
      yield { kind: 'ask', question: questionOf(operation, new View(model)) };
      return;
    default:
      yield { kind: 'ask', question: questionOf(operation, view) };
  }
}

type Asking = Exclude<
  Operation,
  {
    readonly kind:
      | 'clock'
      | 'mishap'
      | 'death'
      | 'bring up'
      | 'grow old'
      | 'ends grow old'
      | 'nearly noted'
      | 'stand by'
      | 'another version';
  }
>;

function questionOf(operation: Asking, view: View): Question {
  switch (operation.kind) {
    case 'claim': {
      const { position, own, ids, deadline } = operation;
      const terms = {
        set: view.set(operation.set),
        ids: { ...view.ids(ids), ...(own !== null && { [position]: view.id(position, own) }) },
        deadlineMs: view.deadlineMs(deadline),
      };
      const claims = operation.claims.map((draft) => claimOf(draft, view));
      return { kind: 'claim', position, terms, claims };
    }
    case 'bid': {
      const { position, own, ids, deadline, instanceId, bids } = operation;
      const terms = {
        set: view.set(operation.set),
        ids: { ...view.ids(ids), ...(own !== null && { [position]: view.id(position, own) }) },
        deadlineMs: view.deadlineMs(deadline),
      };
      const locks = bids.map(({ lock: { task, value, ttlMs } }) => ({
        ...{ task, value: value === 'standing' ? view.lockValue(task) : value, ttlMs },
      }));
      const claims = bids.map(({ claim }) => claimOf(claim, view));
      return { kind: 'bid', instanceId, position, terms, locks, claims };
    }
    case 'give back':
      return { kind: 'give back', claims: operation.claims.map((draft) => claimOf(draft, view)) };
    case 'beat': {
      const { position, instanceId, app, standsSinceMs, yields, tasks } = operation;
      const sign = { set: view.set(operation.set), app, standsSinceMs, yields, ids: view.ids(operation.ids) };
      return { kind: 'beat', position, instanceId, sign, tasks };
    }
    case 'note': {
      const { position, asked, id, set } = operation;
      const request = { position: asked, id: view.id(asked, id), set: view.set(set) };
      return { kind: 'note', position, request };
    }
    case 'renumber': {
      const id = view.id(POSITION, operation.id);
      const counter = counterOf(id) + operation.counterStep;
      return { kind: 'renumber', position: operation.position, id, counter };
    }
    case 'raise epoch':
      return { kind: 'raise epoch', epoch: Math.max(0, view.epoch + operation.step) };
    case 'trace': {
      const lines = operation.lines.map(([line, withLock]) => ({ line, ...(withLock && { lock: line }) }));
      return { kind: 'trace', request: { instanceId: operation.instanceId, lines } };
    }
    case 'prune':
      return { kind: 'prune', request: { windowMs: operation.windowMs, restMs: operation.restMs } };
    case 'confirm': {
      const { position, id, set, overdueMs, notes } = operation;
      const waitMs =
        overdueMs === undefined ? undefined : Math.max(0, view.nowMs - view.idSinceMs - overdueMs);
      const request = {
        id: view.id(POSITION, id),
        set: view.set(set),
        waitMs,
        notes: notes.map((draft) => noteOf(draft, position, view)),
      };
      return { kind: 'confirm', position, request };
    }
    case 'stamp': {
      const { since, id, raiseFloor, floorFrom, deadline } = operation;
      const stamp = {
        set: view.set(operation.set),
        sinceMs: since === null ? PROVISIONAL_MS : view.nowMs + since,
        app: 'shop 1',
      };
      const expected = operation.expected === 'none' ? '' : view.stamp;
      const deadlineMs = view.deadlineMs(deadline);
      const decidedOn = id === null ? {} : { id: view.id(POSITION, id) };
      const raised = floorFrom === null ? {} : { floorFromMs: view.nowMs + floorFrom };
      return { kind: 'stamp', request: { stamp, ...decidedOn, expected, raiseFloor, ...raised, deadlineMs } };
    }
    case 'acquire':
    case 'extend':
    case 'release': {
      const { kind, instanceId, deadline, meant } = operation;
      const lockRequests = operation.locks.map((draft) => lockOf(draft, view));
      const addressee =
        meant === null
          ? undefined
          : {
              position: meant.position,
              ids: {
                ...view.ids(meant.ids),
                ...(meant.own !== null && { [meant.position]: view.id(POSITION, meant.own) }),
              },
            };
      const deadlineMs = view.deadlineMs(deadline);
      return { kind, instanceId, deadlineMs, meant: addressee, locks: lockRequests };
    }
    default:
      return operation;
  }
}

function noteOf(
  { noter, noterId, time, hasVote, epochStep, asked, ids }: NoteDraft,
  position: string,
  view: View,
): Note {
  return {
    noter,
    noterId: view.id(noter, noterId),
    timeMs: view.instantMs(time, TASKS[0] ?? ''),
    hasVote,
    epoch: Math.max(0, view.epoch + epochStep),
    ids: { ...view.ids(ids), ...(asked !== null && { [position]: view.id(position, asked) }) },
  };
}

function claimOf({ task, tick, claimId, maxLatenessMs }: ClaimDraft, view: View): Claim {
  return {
    task,
    tick: view.instantMs(tick, task),
    claimId: claimId === 'standing' ? view.claimId(task) : claimId,
    maxLatenessMs,
  };
}

function lockOf({ task, value, ttlMs, claims, ends, mayOverlap }: LockDraft, view: View): LockRequest {
  const ended = {
    line: task,
    ...(mayOverlap && { mayOverlap }),
    ends: ends.map(({ instant, claimId, outcome }) => ({
      instant: view.instantMs(instant, task),
      claimId: claimId === 'standing' ? view.claimId(task) : claimId,
      outcome,
    })),
  };
  return {
    ...(ends.length > 0 && { ended }),
    ...{ task, value: value === 'standing' ? view.lockValue(task) : value, ttlMs },
    ...(claims !== null && { claims: shownClaims(task, claims, view) }),
  };
}

function shownClaims(
  task: string,
  { won, upTo, isOwn }: NonNullable<LockDraft['claims']>,
  view: View,
): ShownClaims {
  return {
    line: task,
    won: view.instantMs(won, task),
    ...(upTo !== null && { upTo: view.instantMs(upTo, task) }),
    open: ['zed:9', ...(isOwn ? [view.claimId(task)] : [])],
  };
}
