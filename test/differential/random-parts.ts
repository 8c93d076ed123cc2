/** Of what operations at random are made. */

import fc from 'fast-check';
import { SINGLE_POSITION } from '#src/protocol/contract/node-set.js';
import {
  INSTANTS_AFTER_A_CLAIM,
  MIN_WINDOW_MS,
  WINDOW_LIFE_MS,
} from '#src/protocol/contract/prunable-lines.js';
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

export const TTLS_MS = [300, 1_500, 3_000];
export const LATENESS_MS = [0, 50, 400, 30_000];
/** The longest more often: what is late is not looked at any further. */
export const MOSTLY_LONG_MS = [...LATENESS_MS, 30_000, 30_000, 30_000];

export const task = fc.constantFrom(...TASKS);
export const instanceId = fc.constantFrom(...INSTANCES);
export const edge = fc.integer({ min: -2, max: 2 });

export function instant(anchor: Instant['anchor'], offsetMs: fc.Arbitrary<number>): fc.Arbitrary<Instant> {
  return offsetMs.map((offset) => ({ anchor, offsetMs: offset }));
}

/** `around` gives offsets near one of these. */
export function around(...offsetsMs: readonly number[]): fc.Arbitrary<number> {
  return fc.tuple(fc.constantFrom(...offsetsMs), edge).map(([offset, by]) => offset + by);
}

export const claimDraft: fc.Arbitrary<ClaimDraft> = fc.record({
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
export const giveBackDraft: fc.Arbitrary<ClaimDraft> = fc.record({
  task,
  tick: fc.oneof({ weight: 4, arbitrary: instant('newest', fc.constant(0)) }, instant('newest', edge)),
  claimId: fc.oneof({ weight: 4, arbitrary: fc.constant('standing') }, fc.constantFrom('ann:1', 'bob:3')),
  maxLatenessMs: fc.constant(0),
});

export const endDraft: fc.Arbitrary<EndDraft> = fc.record({
  instant: instant('newest', fc.integer({ min: -50, max: 31 })),
  claimId: fc.oneof(
    fc.constant('standing'),
    fc.integer({ min: 1, max: 40 }).map((one) => `ann:${one}`),
  ),
  outcome: fc.constantFrom('success' as const, 'failed' as const, 'timed_out' as const),
});

export const lockDraft: fc.Arbitrary<LockDraft> = fc.record({
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

export const clock: fc.Arbitrary<Operation> = fc.record({
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
export const set: fc.Arbitrary<SetDraft> = fc.oneof(
  { weight: 12, arbitrary: fc.constant({ generationStep: 0 }) },
  fc.record({ generationStep: fc.integer({ min: -1, max: 1 }) }),
  fc.record({
    generationStep: fc.constantFrom(0, 0, 0, -1, 1),
    members: fc.integer({ min: 0, max: SETS.length - 1 }),
    leaseTtlMs: fc.constantFrom(3_000, 3_000, 3_000, 3_001),
  }),
);

export const position = fc.oneof(
  { weight: 16, arbitrary: fc.constant(POSITION) },
  fc.constantFrom('n2', SINGLE_POSITION),
);

export const anyId: fc.Arbitrary<IdDraft> = fc.record(
  { counterStep: fc.integer({ min: -1, max: 1 }), nonce: fc.constantFrom('x', 'y') },
  { requiredKeys: ['counterStep'] },
);

/** Mostly what stands or is noted. */
export const id: fc.Arbitrary<IdDraft> = fc.oneof({ weight: 7, arbitrary: fc.constant({}) }, anyId);
export const wildId: fc.Arbitrary<IdDraft> = fc.oneof(fc.constant({}), anyId);

export const idsOf = (one: fc.Arbitrary<IdDraft>): fc.Arbitrary<IdsDraft> =>
  fc.uniqueArray(fc.tuple(fc.constantFrom(...OTHERS), one), { selector: ([of]) => of, maxLength: 3 });

export const locks = fc.record({
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
export const deadline: fc.Arbitrary<number | undefined> = fc.oneof(
  { weight: 4, arbitrary: fc.constant(undefined) },
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 200 }) },
  around(0),
);

export const noteDraft: fc.Arbitrary<NoteDraft> = fc.record({
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

export const CHEAP: readonly Mishap['kind'][] = [
  'flush',
  'evict ledger',
  'evict members',
  'evict signs',
  'evict standby sets',
  'fail back',
  'save',
];
export const RESTARTS = [
  'restart with its memory',
  'restart with the saved file',
  'restart empty',
  'restart as a replica',
] as const;

export const mishap: fc.Arbitrary<Mishap> = fc.oneof(
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

export const tasks = fc.subarray(TASKS);
