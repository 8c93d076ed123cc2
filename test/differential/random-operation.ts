/** Operations at random, most of them at an edge of some rule. */

import fc from 'fast-check';
import { SINGLE_POSITION } from '#src/protocol/contract/node-set.js';
import { INSTANTS_AFTER_A_CLAIM, MIN_WINDOW_MS, WINDOW_LIFE_MS } from '#src/protocol/contract/old-lines.js';
import {
  type ClaimDraft,
  type EndDraft,
  type IdDraft,
  type IdsDraft,
  INSTANCES,
  type Instant,
  type LockDraft,
  type NoteDraft,
  type Operation,
  OTHERS,
  POSITION,
  SETS,
  type SetDraft,
  TASKS,
} from './operation.js';
import type { Mishap } from './step.js';

const TTLS_MS = [300, 1_500, 3_000];
const LATENESS_MS = [0, 50, 400, 30_000];
/** The longest more often: what is late is not looked at any further. */
const MOSTLY_LONG_MS = [...LATENESS_MS, 30_000, 30_000, 30_000];

const task = fc.constantFrom(...TASKS);
const instanceId = fc.constantFrom(...INSTANCES);
const edge = fc.integer({ min: -2, max: 2 });

function instant(anchor: Instant['anchor'], offsetMs: fc.Arbitrary<number>): fc.Arbitrary<Instant> {
  return offsetMs.map((offset) => ({ anchor, offsetMs: offset }));
}

/** `around` gives offsets near one of these. */
function around(...offsetsMs: readonly number[]): fc.Arbitrary<number> {
  return fc.tuple(fc.constantFrom(...offsetsMs), edge).map(([offset, by]) => offset + by);
}

const claimDraft: fc.Arbitrary<ClaimDraft> = fc.record({
  task,
  tick: fc.oneof(
    { weight: 6, arbitrary: instant('now', fc.integer({ min: -60, max: 100 })) },
    { weight: 3, arbitrary: instant('now', around(100, 0, ...LATENESS_MS.map((late) => -late))) },
    { weight: 3, arbitrary: instant('newest', edge) },
    { weight: 3, arbitrary: instant('newest', fc.constant(0)) },
    { weight: 2, arbitrary: instant('floor', edge) },
    { weight: 1, arbitrary: instant('burntAbove', fc.constantFrom(-1, 0, 1, 901)) },
    { weight: 3, arbitrary: instant('pruned', edge) },
  ),
  claimId: fc.oneof(
    fc.constant('standing'),
    fc.constantFrom('ann:1', 'ann:2', 'bob:3', 'pod:7:4', 'ann:5~', 'bob:6~', 'bob:7~', 'pod:7:8~'),
  ),
  maxLatenessMs: fc.constantFrom(...MOSTLY_LONG_MS),
});

/** Mostly what stands, sometimes beside it. */
const giveBackDraft: fc.Arbitrary<ClaimDraft> = fc.record({
  task,
  tick: fc.oneof({ weight: 4, arbitrary: instant('newest', fc.constant(0)) }, instant('newest', edge)),
  claimId: fc.oneof({ weight: 4, arbitrary: fc.constant('standing') }, fc.constantFrom('ann:1', 'bob:3')),
  maxLatenessMs: fc.constant(0),
});

const endDraft: fc.Arbitrary<EndDraft> = fc.record({
  instant: instant('newest', fc.integer({ min: -50, max: 31 })),
  claimId: fc.oneof(
    fc.constant('standing'),
    fc.integer({ min: 1, max: 40 }).map((one) => `ann:${one}`),
  ),
  outcome: fc.constantFrom('success' as const, 'failed' as const, 'timed_out' as const),
});

const lockDraft: fc.Arbitrary<LockDraft> = fc.record({
  task,
  value: fc.oneof(fc.constant('standing'), fc.constantFrom('aa', 'b0', '0aa', 'c1')),
  ttlMs: fc.constantFrom(...TTLS_MS),
  claims: fc.oneof(
    fc.constant(null),
    fc.record({
      won: instant('newest', around(0, -1)),
      upTo: fc.oneof({ weight: 2, arbitrary: fc.constant(null) }, instant('newest', edge)),
      isOwn: fc.constantFrom(false, false, true),
    }),
  ),
  ends: fc.oneof(
    fc.constant([]),
    fc.array(endDraft, { minLength: 1, maxLength: 3 }),
    fc.array(endDraft, { minLength: 12, maxLength: 20 }),
  ),
  mayOverlap: fc.boolean(),
});

const clock: fc.Arbitrary<Operation> = fc.record({
  kind: fc.constant('clock' as const),
  task,
  to: fc.oneof(
    { weight: 8, arbitrary: instant('now', fc.integer({ min: 1, max: 400 })) },
    { weight: 2, arbitrary: instant('now', fc.integer({ min: 1_000, max: 12_000 })) },
    { weight: 1, arbitrary: instant('now', fc.integer({ min: -6_000, max: -1 })) },
    // Far enough for a floor to say that the clock was set back.
    { weight: 1, arbitrary: instant('now', fc.integer({ min: -40_000, max: -11_000 })) },
    { weight: 3, arbitrary: instant('highest', around(0, -100, -101, 950, -3_000)) },
    { weight: 2, arbitrary: instant('floor', around(-11_000)) },
    { weight: 8, arbitrary: instant('floor', around(0, -100, 1)) },
    { weight: 3, arbitrary: instant('since', around(0, ...TTLS_MS)) },
    { weight: 3, arbitrary: instant('lock end', around(0, -150)) },
    { weight: 3, arbitrary: instant('members end', around(0, -7_000)) },
    {
      weight: 5,
      arbitrary: instant('newest', around(MIN_WINDOW_MS + INSTANTS_AFTER_A_CLAIM, MIN_WINDOW_MS)),
    },
    { weight: 1, arbitrary: instant('window told', around(WINDOW_LIFE_MS)) },
  ),
});

/** Mostly the set on record, sometimes its neighbours. */
const set: fc.Arbitrary<SetDraft> = fc.oneof(
  { weight: 12, arbitrary: fc.constant({ generationStep: 0 }) },
  fc.record({ generationStep: fc.integer({ min: -1, max: 1 }) }),
  fc.record({
    generationStep: fc.constantFrom(0, 0, 0, -1, 1),
    members: fc.integer({ min: 0, max: SETS.length - 1 }),
    leaseTtlMs: fc.constantFrom(3_000, 3_000, 3_000, 3_001),
  }),
);

const position = fc.oneof(
  { weight: 16, arbitrary: fc.constant(POSITION) },
  fc.constantFrom('n2', SINGLE_POSITION),
);

const anyId: fc.Arbitrary<IdDraft> = fc.record(
  { counterStep: fc.integer({ min: -1, max: 1 }), nonce: fc.constantFrom('x', 'y') },
  { requiredKeys: ['counterStep'] },
);

/** Mostly what stands or is noted. */
const id: fc.Arbitrary<IdDraft> = fc.oneof({ weight: 7, arbitrary: fc.constant({}) }, anyId);
const wildId: fc.Arbitrary<IdDraft> = fc.oneof(fc.constant({}), anyId);

const idsOf = (one: fc.Arbitrary<IdDraft>): fc.Arbitrary<IdsDraft> =>
  fc.uniqueArray(fc.tuple(fc.constantFrom(...OTHERS), one), { selector: ([of]) => of, maxLength: 3 });

const locks = fc.record({
  kind: fc.constantFrom('acquire' as const, 'acquire' as const, 'extend' as const, 'release' as const),
  instanceId,
  deadline: fc.oneof(
    { weight: 3, arbitrary: fc.constant(undefined) },
    { weight: 5, arbitrary: fc.integer({ min: 0, max: 200 }) },
    around(0),
  ),
  /** Half of them mean what stands. */
  meant: fc.oneof(
    fc.constant(null),
    fc.record({ position, ids: idsOf(id), own: fc.oneof({ weight: 9, arbitrary: id }, fc.constant(null)) }),
  ),
  locks: fc.array(lockDraft, { minLength: 1, maxLength: 4 }),
});

/** Undefined = none; mostly in time. */
const deadline: fc.Arbitrary<number | undefined> = fc.oneof(
  { weight: 4, arbitrary: fc.constant(undefined) },
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 200 }) },
  around(0),
);

const noteDraft: fc.Arbitrary<NoteDraft> = fc.record({
  noter: fc.constantFrom('n2', 'n3', 'n2', 'n3', 'n4', 'n1', 'n9'),
  noterId: id,
  time: fc.oneof(
    instant('now', fc.integer({ min: -500, max: 0 })),
    instant('floor', around(-1_000)),
    instant('now', fc.integer({ min: 0, max: 50 })),
  ),
  hasVote: fc.oneof({ weight: 3, arbitrary: fc.constant(true) }, fc.constant(false)),
  epochStep: fc.constantFrom(0, 0, 0, 0, -1, 1),
  asked: fc.oneof({ weight: 9, arbitrary: id }, fc.constant(null)),
  ids: idsOf(id),
});

const CHEAP: readonly Mishap['kind'][] = [
  'flush',
  'evict ledger',
  'evict members',
  'evict signs',
  'fail back',
  'save',
];
const RESTARTS = [
  'restart with its memory',
  'restart with the saved file',
  'restart empty',
  'restart as a replica',
] as const;

const mishap: fc.Arbitrary<Mishap> = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.record({
      kind: fc.constant('presence' as const),
      instanceId,
      isPresent: fc.constantFrom(true, true, false),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('evict lock' as const), task }) },
  { weight: 10, arbitrary: fc.constantFrom(...CHEAP).map((kind) => ({ kind }) as Mishap) },
  { weight: 4, arbitrary: fc.constantFrom(...RESTARTS).map((kind) => ({ kind })) },
);

const tasks = fc.subarray(TASKS);

export const randomOperation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 30,
    arbitrary: fc.record({
      kind: fc.constant('claim' as const),
      position,
      set,
      own: fc.oneof(
        { weight: 20, arbitrary: fc.constant({}) },
        { weight: 2, arbitrary: anyId },
        fc.constant(null),
      ),
      ids: fc.oneof({ weight: 3, arbitrary: idsOf(fc.constant({})) }, idsOf(wildId)),
      deadline,
      claims: fc.array(claimDraft, { minLength: 1, maxLength: 4 }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc
      .array(giveBackDraft, { minLength: 1, maxLength: 3 })
      .map((claims) => ({ kind: 'give back' as const, claims })),
  },
  { weight: 3, arbitrary: tasks.map((some) => ({ kind: 'peek' as const, tasks: some })) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('trace' as const),
      instanceId,
      lines: fc.array(fc.tuple(task, fc.boolean()), { minLength: 1, maxLength: 4 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('ends grow old' as const),
      task,
      edgeMs: edge,
      count: fc.constantFrom(1, 2, 3, 4, 5, 15, 16, 17),
      mayOverlap: fc.boolean(),
    }),
  },
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant('beat' as const),
      position,
      instanceId,
      set: fc.oneof({ weight: 2, arbitrary: fc.constant({ generationStep: 0 }) }, set),
      app: fc.constantFrom('shop 1', 'other'),
      standsSinceMs: fc.constantFrom(undefined, 90, 100, 1_000),
      yields: fc.constantFrom(false, false, false, true),
      ids: idsOf(wildId),
      tasks,
    }),
  },
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant('note' as const),
      position,
      asked: fc.constantFrom(...OTHERS),
      id: wildId,
      set,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('renumber' as const),
      position,
      id,
      counterStep: fc.integer({ min: -1, max: 3 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('raise epoch' as const),
      step: fc.constantFrom(1, 1, 2, 0, -1),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('prune' as const),
      windowMs: fc.constantFrom(0, 0, MIN_WINDOW_MS, MIN_WINDOW_MS + 1, 12_000),
      restMs: fc.constantFrom(0, 0, 1, 3_000),
    }),
  },
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant('confirm' as const),
      isAnew: fc.boolean(),
      position,
      id,
      set,
      overdueMs: fc.oneof(fc.constant(undefined), around(0), fc.constant(10_000)),
      notes: fc.array(noteDraft, { maxLength: 4 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('stamp' as const),
      set,
      since: fc.constantFrom(-3_000, 0, 0, 400, 3_600_000, null),
      id: fc.oneof(id, fc.constant(null)),
      expected: fc.constantFrom('standing' as const, 'standing' as const, 'none' as const),
      raiseFloor: fc.constantFrom(false, false, true),
      floorFrom: fc.constantFrom(null, null, -2_000, 0, 2_000),
      deadline,
    }),
  },
  { weight: 20, arbitrary: fc.constant({ kind: 'bring up' as const }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('nearly noted' as const),
      members: fc.constantFrom(0, 1, 4, 4),
      noters: fc.uniqueArray(fc.tuple(fc.constantFrom('n2', 'n3', 'n4', 'n5'), fc.boolean()), {
        selector: ([noter]) => noter,
        minLength: 1,
      }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('grow old' as const),
      edgeMs: fc.integer({ min: -1, max: 1 }),
      tasks: fc.subarray(TASKS, { minLength: 1 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'another version' as const }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('leave' as const), instanceId }) },
  { weight: 30, arbitrary: locks },
  { weight: 26, arbitrary: clock },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('death' as const),
      task,
      waitMs: fc.integer({ min: 0, max: 200 }),
    }),
  },
  { weight: 8, arbitrary: mishap.map((one) => ({ kind: 'mishap' as const, mishap: one })) },
);
