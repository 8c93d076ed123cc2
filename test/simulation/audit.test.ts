import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SEED } from '../support/seed.js';
import type { Fault } from './world/fault.js';
import type { Plan } from './world/plan.js';
import { termsFor } from './world/policies.js';
import { NORMAL, type Profile } from './world/profile.js';
import { runWorld } from './world/world.js';

const WORLDS = 120;
const TIMEOUT_MS = 600_000;
const FIRST_FAULT_MS = 8_000;
const LAST_FAULT_MS = 25_000;
const LAST_LINES = 60;

/** Whole clusters fall silent: their nodes, or all instances but for some. */
const SILENCE: Profile = {
  ...NORMAL,
  durationMs: 45_000,
  healedAtMs: 45_000,
  handlers: ['short', 'short', 'short', 'long'],
  tellsEveryMiss: true,
};

/** Instances are killed while their handlers run, and little else happens. */
const KILLED: Profile = {
  ...NORMAL,
  durationMs: 45_000,
  healedAtMs: 45_000,
  handlers: ['short', 'long', 'long', 'hanging', 'deaf'],
  handlersWithPolicies: ['short', 'long', 'long', 'hanging', 'deaf', 'failing'],
  tellsEveryLoss: true,
};

const atMs = fc.integer({ min: FIRST_FAULT_MS, max: LAST_FAULT_MS });
const forMs = fc.integer({ min: 100, max: 6_000 });
const instance = fc.nat({ max: 4 });

/** A majority of nodes stands still. */
const outage = fc
  .record({ atMs, forMs, spreadMs: fc.nat({ max: 400 }) })
  .map(({ atMs: at, forMs: during, spreadMs }): Fault[] =>
    [0, 1].map((server) => ({ kind: 'server stops', server, atMs: at + server * spreadMs, forMs: during })),
  );

/** Instances die, stand still or leave: sometimes all, sometimes the one that would have told. */
const silence = fc
  .record({
    atMs,
    forMs,
    how: fc.constantFrom('killed' as const, 'unplugged' as const, 'blocked' as const, 'suspended' as const),
    who: fc.uniqueArray(instance, { minLength: 1, maxLength: 4 }),
  })
  .map(({ atMs: at, forMs: during, how, who }): Fault[] =>
    who.map((one) => ({
      kind: 'instance suffers',
      instance: one,
      misfortune: how,
      atMs: at,
      forMs: during,
    })),
  );

const leaving = fc
  .record({ atMs, instance })
  .map((given): Fault[] => [{ kind: 'instance leaves', ...given }]);
const joining = fc.record({ atMs }).map((given): Fault[] => [{ kind: 'instance joins', ...given }]);

/** A claim is applied, and its owner does not hear of it: for one message, or for several. */
const lostAnswers = fc
  .record({
    atMs,
    forMs: fc.oneof(fc.integer({ min: 1, max: 150 }), fc.integer({ min: 100, max: 1_500 })),
    // The same place is reached once for each node.
    nth: fc.integer({ min: 1, max: 8 }),
    who: fc.uniqueArray(instance, { minLength: 1, maxLength: 5 }),
  })
  .map(({ atMs: at, forMs: during, nth, who }): Fault[] =>
    who.map((one) => ({
      kind: 'instance suffers at',
      instance: one,
      place: 'claim',
      nth,
      misfortune: 'unanswered',
      atMs: at,
      forMs: during,
    })),
  );

const silentPlan: fc.Arbitrary<Plan> = fc
  .record({
    seed: fc.nat(),
    instances: fc.integer({ min: 1, max: 5 }),
    faults: fc.array(fc.oneof(outage, outage, lostAnswers, lostAnswers, silence, leaving, joining), {
      minLength: 1,
      maxLength: 6,
    }),
    servers: fc.constantFrom<1 | 3>(3, 3, 1),
  })
  .map(({ seed, instances, faults, servers }) => ({
    seed,
    servers,
    instances,
    firstClockMs: 0,
    healedSkewMs: 0,
    leftDown: 0,
    faults: faults.flat(),
  }));

const killed = fc
  .record({ atMs, who: fc.uniqueArray(instance, { minLength: 1, maxLength: 2 }) })
  .map(({ atMs: at, who }): Fault[] =>
    who.map((one) => ({
      kind: 'instance suffers',
      instance: one,
      misfortune: 'killed',
      atMs: at,
      forMs: 1,
    })),
  );

const deadlyPlan: fc.Arbitrary<Plan> = fc
  .record({
    seed: fc.nat(),
    instances: fc.integer({ min: 2, max: 5 }),
    faults: fc.array(fc.oneof(killed, killed, killed, joining, joining, leaving, silence), {
      minLength: 3,
      maxLength: 10,
    }),
    servers: fc.constantFrom<1 | 3>(3, 3, 1),
    policies: termsFor(KILLED),
  })
  .map((given) => ({
    ...given,
    firstClockMs: 0,
    healedSkewMs: 0,
    leftDown: 0,
    faults: given.faults.flat(),
  }));

/** Plays plans until one breaks a promise, and answers how often things happened. */
async function play(plans: fc.Arbitrary<Plan>, profile: Profile): Promise<ReadonlyMap<string, number>> {
  const counters = new Map<string, number>();
  for (const plan of fc.sample(plans, { seed: SEED, numRuns: WORLDS })) {
    const result = await runWorld(plan, profile);
    for (const [what, count] of result.counters) counters.set(what, (counters.get(what) ?? 0) + count);
    if (result.violations.length === 0) continue;
    const { trace, violations } = await runWorld(plan, profile, true);
    const story = trace.slice(-LAST_LINES).join('\n');
    throw new Error(`SEED=${SEED}: ${JSON.stringify(violations)}\n${JSON.stringify(plan)}\n${story}`);
  }
  return counters;
}

it(
  `every run that died with its instance is told in time, and none that had ended, in ${WORLDS} worlds (SEED=${SEED})`,
  async () => {
    const counters = await play(deadlyPlan, KILLED);
    expect(counters.get('lost run that had to be told')).toBeGreaterThan(WORLDS / 4);
    const mustBeTold = counters.get('lost run that had to be told') ?? 0;
    expect(counters.get('lost run told soon')).toBeGreaterThan(0.9 * mustBeTold);
  },
  TIMEOUT_MS,
);

it(
  `every tick that nobody ran is told in time by somebody who lives, and none that ran, in ${WORLDS} worlds (SEED=${SEED})`,
  async () => {
    const counters = await play(silentPlan, SILENCE);
    // A test that had nothing to find would find nothing.
    expect(counters.get('missed tick that had to be told')).toBeGreaterThan(WORLDS);
    expect(counters.get('audit missed no_majority')).toBeGreaterThan(WORLDS / 4);
    expect(counters.get('audit lost died')).toBeGreaterThan(0);
  },
  TIMEOUT_MS,
);
