/** Operations at random, most of them at an edge of some rule. */

import fc from 'fast-check';
import {
  type ClaimDraft,
  INSTANCES,
  type Instant,
  type LockDraft,
  type NodeSetDraft,
  type Operation,
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
  ),
  claimId: fc.oneof(fc.constant('standing'), fc.constantFrom('ann:1', 'ann:2', 'bob:3', 'pod:7:4')),
  maxLatenessMs: fc.constantFrom(...MOSTLY_LONG_MS),
});

/** Mostly what stands, sometimes beside it. */
const giveBackDraft: fc.Arbitrary<ClaimDraft> = fc.record({
  task,
  tick: fc.oneof({ weight: 4, arbitrary: instant('newest', fc.constant(0)) }, instant('newest', edge)),
  claimId: fc.oneof({ weight: 4, arbitrary: fc.constant('standing') }, fc.constantFrom('ann:1', 'bob:3')),
  maxLatenessMs: fc.constant(0),
});

const lockDraft: fc.Arbitrary<LockDraft> = fc.record({
  task,
  value: fc.oneof(fc.constant('standing'), fc.constantFrom('aa', 'b0', '0aa', 'c1')),
  ttlMs: fc.constantFrom(...TTLS_MS),
});

const locks = fc.record({
  kind: fc.constantFrom('acquire' as const, 'acquire' as const, 'extend' as const, 'release' as const),
  instanceId,
  deadline: fc.oneof(
    { weight: 3, arbitrary: fc.constant(undefined) },
    { weight: 5, arbitrary: fc.integer({ min: 0, max: 200 }) },
    around(0),
  ),
  locks: fc.array(lockDraft, { minLength: 1, maxLength: 4 }),
});

const clock: fc.Arbitrary<Operation> = fc.record({
  kind: fc.constant('clock' as const),
  task,
  to: fc.oneof(
    { weight: 8, arbitrary: instant('now', fc.integer({ min: 1, max: 400 })) },
    { weight: 2, arbitrary: instant('now', fc.integer({ min: 1_000, max: 12_000 })) },
    { weight: 1, arbitrary: instant('now', fc.integer({ min: -6_000, max: -1 })) },
    { weight: 3, arbitrary: instant('floor', around(0, -100, 1)) },
    { weight: 3, arbitrary: instant('since', around(0, ...TTLS_MS)) },
    { weight: 3, arbitrary: instant('lock end', around(0, -150)) },
    { weight: 3, arbitrary: instant('members end', around(0, -7_000)) },
  ),
});

/** Mostly the set that the node knows, sometimes its neighbours. */
const nodeSet: fc.Arbitrary<NodeSetDraft> = fc.oneof(
  { weight: 12, arbitrary: fc.constant({ generationStep: 0 }) },
  fc.record({ generationStep: fc.integer({ min: -1, max: 1 }), fingerprint: fc.constantFrom('x', 'y') }),
);

const CHEAP: readonly Mishap['kind'][] = ['flush', 'evict ledger', 'evict members', 'fail back', 'save'];
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
  { weight: 2, arbitrary: fc.constantFrom(...RESTARTS).map((kind) => ({ kind })) },
);

const tasks = fc.subarray(TASKS);

export const randomOperation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 30,
    arbitrary: fc
      .tuple(nodeSet, fc.array(claimDraft, { minLength: 1, maxLength: 4 }))
      .map(([set, claims]) => ({ kind: 'claim' as const, nodeSet: set, claims })),
  },
  {
    weight: 8,
    arbitrary: fc
      .array(giveBackDraft, { minLength: 1, maxLength: 3 })
      .map((claims) => ({ kind: 'give back' as const, claims })),
  },
  { weight: 3, arbitrary: tasks.map((some) => ({ kind: 'peek' as const, tasks: some })) },
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('beat' as const), instanceId, tasks }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('leave' as const), instanceId }) },
  { weight: 30, arbitrary: locks },
  { weight: 20, arbitrary: clock },
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
