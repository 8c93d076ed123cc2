/** Works out an operation against what the node knows just then. */

import { ENDS_KEPT_MS } from '#src/protocol/contract/attempt-end.js';
import { PROTOCOL_VERSION } from '#src/protocol/contract/constants.js';
import { counterOf, type LedgerId } from '#src/protocol/contract/ledger-id.js';
import type { Note } from '#src/protocol/contract/node-identity.js';
import {
  type NodeSet,
  PROVISIONAL_MS,
  parseStamp,
  SINGLE_POSITION,
} from '#src/protocol/contract/node-set.js';
import { INSTANTS_AFTER_A_CLAIM, MIN_WINDOW_MS } from '#src/protocol/contract/old-lines.js';
import type { Claim, ShownClaims } from '#src/protocol/contract/ports.js';
import type { ModelSide } from './model-side.js';
import {
  type ClaimDraft,
  type IdDraft,
  type IdsDraft,
  INSTANCES,
  type Instant,
  type LockDraft,
  type NoteDraft,
  type Operation,
  POSITION,
  SETS,
  type SetDraft,
  TASKS,
} from './operation.js';
import type { LockRequest, Question, Step, StoredState } from './step.js';

const FIRST_SET: NodeSet = { generation: 5, positions: SETS[0] ?? [], leaseTtlMs: 3_000 };

/** Seen by the one who resolves: a stored text, or what to take when there is none. */
class View {
  readonly nowMs: number;
  private readonly state: StoredState;

  constructor(model: ModelSide) {
    this.nowMs = model.nowMs;
    this.state = model.state();
  }

  instantMs({ anchor, offsetMs }: Instant, task: string): number {
    return this.anchorMs(anchor, task) + offsetMs;
  }

  /** The set on record, or the first one in the middle of some generations. */
  set({ generationStep, members, leaseTtlMs }: SetDraft): NodeSet {
    const onRecord = parseStamp(this.stamp)?.set ?? FIRST_SET;
    return {
      // Generations start at 1.
      generation: Math.max(1, onRecord.generation + generationStep),
      positions: SETS[members ?? -1] ?? onRecord.positions,
      leaseTtlMs: leaseTtlMs ?? onRecord.leaseTtlMs,
    };
  }

  get stamp(): string {
    return this.state.get('stamp') ?? '';
  }

  get epoch(): number {
    return Number(this.state.get('epoch') ?? 0);
  }

  /** Since when the id listens. */
  get idSinceMs(): number {
    return Number(this.state.get('idSince') ?? this.nowMs);
  }

  get position(): string {
    return this.set({ generationStep: 0 }).positions.includes(POSITION) ? POSITION : SINGLE_POSITION;
  }

  id(position: string, { counterStep = 0, nonce }: IdDraft = {}): LedgerId {
    const isOwn = position === POSITION || position === SINGLE_POSITION;
    const known = this.state.get(isOwn ? 'id' : `n:${position}`) ?? `1.${position}`;
    return `${Math.max(0, counterOf(known) + counterStep)}.${nonce ?? known.split('.')[1]}`;
  }

  ids(drafts: IdsDraft): Record<string, LedgerId> {
    return Object.fromEntries(drafts.map(([position, id]) => [position, this.id(position, id)]));
  }

  deadlineMs(fromNowMs: number | undefined): number {
    return fromNowMs === undefined ? 0 : this.nowMs + fromNowMs;
  }

  claimId(task: string): string {
    const claimId = this.state.get(`t:${task}`)?.split(' ')[1] ?? '-';
    // No instance has this id: it stands for a tick that was given back.
    return claimId.startsWith('-') ? 'ann:1' : claimId;
  }

  lockValue(task: string): string {
    return this.state.get(`lock ${task}`)?.split(':').at(-1) ?? 'aa';
  }

  holder(task: string): string {
    return this.state.get(`lock ${task}`)?.split(':').slice(0, -1).join(':') ?? '';
  }

  private anchorMs(anchor: Instant['anchor'], task: string): number {
    switch (anchor) {
      case 'now':
        return this.nowMs;
      case 'newest':
        return Number(this.state.get(`t:${task}`)?.split(' ')[0] ?? this.nowMs) || this.nowMs;
      case 'window told':
        return Number(this.state.get('window')?.split(' ')[1] ?? this.nowMs);
      case 'lock end':
        return Number(this.state.get(`lock ${task} ends`) ?? this.nowMs);
      default:
        return Number(this.state.get(anchor) ?? this.nowMs);
    }
  }
}

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

function* anew(): Generator<Step> {
  yield { kind: 'mishap', mishap: { kind: 'fail back' } };
  yield { kind: 'ask', question: { kind: 'peek', tasks: [] } };
}

/** First of all the guard must have made the id that is to be confirmed. */
function* bringUp(model: ModelSide): Generator<Step> {
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

function* growOld(
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

function* endsGrowOld(
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

function* nearlyNoted(
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

function* underAnotherVersion(model: ModelSide): Generator<Step> {
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

/** The guard must see the new run id before the way back to a master changes the replication id as well. */
function restartAsReplica(): readonly Step[] {
  return [
    { kind: 'mishap', mishap: { kind: 'restart as a replica' } },
    { kind: 'ask', question: { kind: 'peek', tasks: TASKS } },
    { kind: 'mishap', mishap: { kind: 'fail back' } },
  ];
}

function deathOf(instanceId: string, task: string, toMs: number): readonly Step[] {
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
