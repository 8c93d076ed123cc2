/** Operations at random, most of them at an edge of some rule. */

import fc from 'fast-check';
import { MIN_WINDOW_MS } from '#src/protocol/contract/prunable-lines.js';
import { SHORT_ANSWER_AGE_MS, STANDBY_SET_TTL_MS } from '#src/protocol/contract/standby-set.js';
import { type Operation, OTHERS, TASKS } from './operation.js';
import {
  anyId,
  around,
  claimDraft,
  clock,
  deadline,
  edge,
  giveBackDraft,
  id,
  idsOf,
  instanceId,
  lockDraft,
  locks,
  mishap,
  noteDraft,
  position,
  set,
  task,
  tasks,
  wildId,
} from './random-parts.js';

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
    weight: 25,
    arbitrary: fc.record({
      kind: fc.constant('bid' as const),
      instanceId,
      position,
      set: fc.oneof({ weight: 2, arbitrary: fc.constant({ generationStep: 0 }) }, set),
      own: fc.oneof(
        { weight: 20, arbitrary: fc.constant({}) },
        { weight: 2, arbitrary: anyId },
        fc.constant(null),
      ),
      ids: fc.oneof({ weight: 3, arbitrary: idsOf(fc.constant({})) }, idsOf(wildId)),
      deadline,
      bids: fc.uniqueArray(
        fc.record({ lock: lockDraft, claim: claimDraft }).map(({ lock, claim }) => ({
          ...{ lock, claim: { ...claim, task: lock.task } },
        })),
        { selector: ({ lock }) => lock.task, minLength: 1, maxLength: TASKS.length },
      ),
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
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('stand by' as const),
      tasks: fc.subarray(TASKS, { minLength: 1 }),
      claims: fc.uniqueArray(
        fc.record({
          task,
          claimId: fc.constantFrom('ann:1', 'ann:2', 'bob:3', 'pod:7:4', 'bob:6~', 'nobody'),
        }),
        { selector: (claim) => claim.task, minLength: 1, maxLength: TASKS.length },
      ),
      change: fc.constantFrom(
        'give back' as const,
        'claim' as const,
        'evict ledger' as const,
        'fail back' as const,
        'none' as const,
      ),
      waitMs: fc.oneof(around(0, SHORT_ANSWER_AGE_MS, STANDBY_SET_TTL_MS), fc.constantFrom(-1, 5_000)),
      countStep: fc.constantFrom(0, 0, 0, 0, -1, 1),
      isOtherDigest: fc.constantFrom(false, false, false, false, true),
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
