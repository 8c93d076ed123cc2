/** Looks for a plan that breaks a promise: many worlds, one after the other, and the totals of what happened in them. */

import fc from 'fast-check';
import type { Violation } from './watch/history.js';
import { type Plan, planFor } from './world/plan.js';
import type { Profile } from './world/profile.js';
import { runWorld } from './world/world.js';

export interface Search {
  readonly profile: Profile;
  readonly worlds: number;
  readonly seed: number;
  /** So many of the worlds are drawn and not run: another search has. */
  readonly skip?: number;
  readonly onWorld?: (world: number) => void;
}

export interface Finding {
  readonly plan: Plan;
  readonly violation: Violation;
  /** The number of the world, from 1, and fast-check's path to its plan. */
  readonly world: number;
  readonly path: string;
}

export interface Totals {
  readonly worlds: number;
  readonly ticks: number;
  readonly simulatedMs: number;
  readonly counters: ReadonlyMap<string, number>;
}

class BrokenPromise extends Error {
  constructor(readonly violation: Violation) {
    super(`${violation.rule}: ${violation.detail}`);
  }
}

/** Ends at the first broken promise, with the plan as it was drawn. */
export async function search({
  profile,
  worlds,
  seed,
  skip = 0,
  onWorld,
}: Search): Promise<Totals & { finding?: Finding }> {
  const counters = new Map<string, number>();
  let world = 0;
  let ticks = 0;
  let simulatedMs = 0;
  const property = fc.asyncProperty(planFor(profile), async (plan) => {
    world += 1;
    if (world <= skip) return;
    onWorld?.(world);
    const result = await runWorld(plan, profile);
    ticks += result.ticks;
    simulatedMs += result.simulatedMs;
    addUp(counters, result.counters);
    const [violation] = result.violations;
    if (violation !== undefined) throw new BrokenPromise(violation);
  });
  // Unbiased: small plans first is what shrinking is for.
  const run = await fc.check(property, { seed, numRuns: worlds, endOnFailure: true, unbiased: true });
  const totals = { worlds: world - skip, ticks, simulatedMs, counters };
  if (!run.failed) return totals;
  const [plan] = run.counterexample ?? [];
  const { errorInstance } = run;
  if (plan === undefined || !(errorInstance instanceof BrokenPromise)) throw errorInstance;
  const { violation } = errorInstance;
  return { ...totals, finding: { plan, violation, world, path: run.counterexamplePath ?? '' } };
}

/** Makes the plan of a finding small, for as long as that may take. */
export async function shrink({ profile, seed }: Search, finding: Finding, withinMs: number): Promise<Plan> {
  const property = fc.asyncProperty(planFor(profile), async (plan) => {
    const { violations } = await runWorld(plan, profile);
    // Another broken promise would be another story.
    return violations.every(({ rule }) => rule !== finding.violation.rule);
  });
  const { counterexample } = await fc.check(property, {
    seed,
    path: finding.path,
    interruptAfterTimeLimit: withinMs,
    unbiased: true,
  });
  return counterexample?.[0] ?? finding.plan;
}

/** What is called most is a size, not a number of events: its largest value counts. */
function addUp(totals: Map<string, number>, counters: ReadonlyMap<string, number>): void {
  for (const [what, count] of counters) {
    const sofar = totals.get(what) ?? 0;
    totals.set(what, what.startsWith('most ') ? Math.max(sofar, count) : sofar + count);
  }
}
