/** The policies of the tasks of a world, drawn like its faults. */

import fc from 'fast-check';
import {
  DEFAULT_POLICIES,
  MISFIRE_POLICIES,
  OVERLAP_POLICIES,
  RECOVERY_POLICIES,
  type RetryPolicy,
  type TaskPolicies,
} from '#src/protocol/contract/task-policies.js';
import { EPOCH_MS } from './machine.js';
import type { Profile } from './profile.js';

/** As in a plan: what is left out is as by default. */
export interface TaskTerms extends Partial<TaskPolicies> {
  /** The task's first tick that may be made up for, ms of the world. */
  readonly countsFromMs?: number;
}

/** What holds for one task of a world. */
export interface SimulatedPolicies extends TaskPolicies {
  readonly countsFromMs: number;
  /** Whether the plan says nothing about it. */
  readonly areDefault: boolean;
}

export function simulatedPolicies({ countsFromMs = 0, ...terms }: TaskTerms = {}): SimulatedPolicies {
  return {
    ...DEFAULT_POLICIES,
    ...terms,
    countsFromMs: EPOCH_MS + countsFromMs,
    areDefault: Object.keys(terms).length === 0,
  };
}

interface Ranges {
  readonly mostBaseMs: number;
  readonly leastDeadlineMs: number;
  readonly mostDeadlineMs: number;
  readonly leastTimeoutMs: number;
  readonly mostTimeoutMs: number;
  readonly leastWithinMs: number;
  readonly mostWithinMs: number;
  readonly mostCountsFromMs: number;
  /** Of tasks whose runs are given up, which is half of them. Absent: none are. */
  readonly giveUpMs?: { readonly min: number; readonly max: number };
}

/** Tasks of the other profiles have the default policies. */
const RANGES: Readonly<Partial<Record<Profile['name'], Ranges>>> = {
  normal: {
    mostBaseMs: 200,
    leastDeadlineMs: 300,
    mostDeadlineMs: 6_000,
    leastTimeoutMs: 50,
    mostTimeoutMs: 2_500,
    leastWithinMs: 3_000,
    mostWithinMs: 30_000,
    mostCountsFromMs: 25_000,
  },
  torture: {
    mostBaseMs: 10,
    leastDeadlineMs: 30,
    mostDeadlineMs: 400,
    leastTimeoutMs: 3,
    mostTimeoutMs: 30,
    leastWithinMs: 200,
    mostWithinMs: 3_000,
    mostCountsFromMs: 5_000,
  },
  liveness: {
    mostBaseMs: 40,
    leastDeadlineMs: 3_000,
    mostDeadlineMs: 6_000,
    leastTimeoutMs: 100,
    mostTimeoutMs: 2_500,
    leastWithinMs: 8_000,
    mostWithinMs: 30_000,
    mostCountsFromMs: 25_000,
  },
  hung: {
    mostBaseMs: 200,
    leastDeadlineMs: 300,
    mostDeadlineMs: 12_000,
    leastTimeoutMs: 50,
    mostTimeoutMs: 2_500,
    leastWithinMs: 8_000,
    mostWithinMs: 60_000,
    mostCountsFromMs: 25_000,
    giveUpMs: { min: 3_000, max: 15_000 },
  },
};

/** Claims of ticks that are made up for are in time for long: only floors keep them from what a node has left behind. */
const LATE_TERMS: fc.Arbitrary<TaskTerms> = fc.record({
  overlap: fc.constant('skip' as const),
  misfire: fc.constantFrom(...MISFIRE_POLICIES),
  misfireWithinMs: fc.integer({ min: 4_000, max: 30_000 }),
  recovery: fc.constant('lose' as const),
  recoveryWithinMs: fc.constant(4_000),
});

/** Whoever looks back on ticks whose lines are gone would start them again. */
const FORGOTTEN_TERMS: fc.Arbitrary<TaskTerms> = fc.record({
  overlap: fc.constant('skip' as const),
  misfire: fc.constantFrom('latest' as const, 'all' as const, 'all' as const),
  misfireWithinMs: fc.integer({ min: 12_000, max: 60_000 }),
  recovery: fc.constantFrom(...RECOVERY_POLICIES),
  recoveryWithinMs: fc.integer({ min: 4_000, max: 60_000 }),
});

/** One set of terms per task; nothing at all in every second world, so that the defaults are tried as ever. */
export function termsFor(profile: Profile): fc.Arbitrary<readonly TaskTerms[] | undefined> {
  const ranges = RANGES[profile.name];
  if (profile.raisesEpochs === true)
    return fc.option(fc.array(LATE_TERMS, { minLength: 1, maxLength: 1 }), { nil: undefined, freq: 2 });
  if (profile.forgets === true)
    return fc.array(FORGOTTEN_TERMS, { minLength: profile.tasks, maxLength: profile.tasks });
  if (ranges === undefined) return fc.constant(undefined);
  return fc.oneof(
    fc.constant(undefined),
    fc.array(termsOfTask(ranges), { minLength: profile.tasks, maxLength: profile.tasks }),
  );
}

function termsOfTask(ranges: Ranges): fc.Arbitrary<TaskTerms> {
  const withinMs = fc.integer({ min: ranges.leastWithinMs, max: ranges.mostWithinMs });
  return fc
    .record(
      {
        overlap: fc.constantFrom(...OVERLAP_POLICIES),
        misfire: fc.constantFrom(...MISFIRE_POLICIES),
        misfireWithinMs: withinMs,
        recovery: fc.constantFrom(...RECOVERY_POLICIES, 'retake' as const),
        recoveryWithinMs: withinMs,
        retry: retryIn(ranges),
        timeoutMs: fc.integer({ min: ranges.leastTimeoutMs, max: ranges.mostTimeoutMs }),
        countsFromMs: fc.integer({ min: 0, max: ranges.mostCountsFromMs }),
        ...(ranges.giveUpMs !== undefined && { giveUpAfterMs: fc.integer(ranges.giveUpMs) }),
      },
      { requiredKeys: ['overlap', 'misfire', 'misfireWithinMs', 'recovery', 'recoveryWithinMs'] },
    )
    .map((terms) => (terms.overlap === 'allow' ? { ...terms, recovery: 'lose' as const } : terms));
}

function retryIn({ mostBaseMs, leastDeadlineMs, mostDeadlineMs }: Ranges): fc.Arbitrary<RetryPolicy> {
  return fc
    .record({
      attempts: fc.integer({ min: 2, max: 4 }),
      baseMs: fc.integer({ min: 1, max: mostBaseMs }),
      moreMs: fc.integer({ min: 0, max: mostBaseMs }),
      jitter: fc.constantFrom(0, 0.05, 0.1),
      deadlineMs: fc.integer({ min: leastDeadlineMs, max: mostDeadlineMs }),
    })
    .map(({ moreMs, ...retry }) => ({ ...retry, capMs: retry.baseMs + moreMs }));
}
