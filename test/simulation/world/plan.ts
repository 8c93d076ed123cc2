/** What goes wrong in a world, and when. Made by fast-check, which also makes a failing plan small. */

import fc from 'fast-check';
import type { Place } from './ambush.js';
import type { Fault, InstanceFault, Misfortune, NameFault, ServerFault } from './fault.js';
import { type TaskTerms, termsFor } from './policies.js';
import type { Profile } from './profile.js';
import { MOST_BACK_MS, type Restart } from './server.js';
import type { SpotPlan } from './spots.js';

export interface Plan {
  readonly seed: number;
  readonly servers: 1 | 3 | 5;
  readonly instances: number;
  /** The first server's clock against true time, ms: nodes need not agree for a tick to run at most once. */
  readonly firstClockMs: number;
  /** How far apart the clocks are after healing, ms. */
  readonly healedSkewMs: number;
  /** Servers that stay down after healing; cut to what leaves a majority. */
  readonly leftDown: number;
  readonly faults: readonly Fault[];
  /** What happens after healing; instances that are idle die where nothing is said. */
  readonly trial?: Trial | undefined;
  /** Where names may come to mean other servers; nowhere by default. */
  readonly spots?: SpotPlan | undefined;
  /** Of each task; by default everywhere where there are none. */
  readonly policies?: readonly TaskTerms[] | undefined;
}

/**
 * - `idle deaths`    instances die that run nothing: no tick may be lost
 * - `all away`       nobody is there for some seconds: their ticks are missed
 * - `death in a run` an instance dies while it runs something
 */
export type Trial = 'idle deaths' | 'all away' | 'death in a run';

const MOST_FAULTS = 16;
/** Beside weights of about fifty of all others. */
const NAME_WEIGHT = 20;
const MOST_INSTANCES = 5;
/** Below EARLY: further behind a node refuses bids for ticks that the others say have come. */
const MOST_HEALED_SKEW_MS = 45;

const forMs = fc.oneof(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 400, max: 8_000 }));
const how = fc.constantFrom<Restart>('empty', 'with its memory', 'with old memory');
const backMs = fc.oneof(fc.constant(0), fc.integer({ min: -MOST_BACK_MS, max: 0 }));
const eitherMs = fc.integer({ min: -MOST_BACK_MS, max: MOST_BACK_MS });
const misfortune = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Misfortune>('blocked') },
  { weight: 2, arbitrary: fc.constant<Misfortune>('suspended') },
  { weight: 4, arbitrary: fc.constant<Misfortune>('cut off') },
  { weight: 2, arbitrary: fc.constant<Misfortune>('killed') },
  { weight: 1, arbitrary: fc.constant<Misfortune>('unplugged') },
);
/** Around a time to live, where trust ends. */
const blockMs = fc.oneof(forMs, fc.integer({ min: 1_800, max: 3_600 }));
const place = fc.constantFrom<Place>('grant', 'win', 'start', 'renewal', 'release');

function kind<const T extends string>(name: T): fc.Arbitrary<T> {
  return fc.constant(name);
}

function instanceFault(): fc.WeightedArbitrary<InstanceFault>[] {
  const instance = fc.nat({ max: 7 });
  const server = fc.nat({ max: 4 });
  const way = fc.constantFrom('request' as const, 'reply' as const, 'both' as const);
  return [
    weighted(4, { kind: kind('instance suffers'), instance, misfortune, forMs }),
    weighted(7, {
      kind: kind('instance suffers at'),
      instance,
      place,
      nth: fc.integer({ min: 1, max: 4 }),
      misfortune,
      forMs: blockMs,
    }),
    // A run goes on while its lease ends: the next one starts beside it.
    weighted(5, {
      kind: kind('instance suffers at'),
      instance,
      place: fc.constant<Place>('long run'),
      nth: fc.integer({ min: 1, max: 3 }),
      misfortune: fc.constantFrom<Misfortune>('blocked', 'blocked', 'suspended', 'cut off'),
      forMs: fc.integer({ min: 2_500, max: 6_000 }),
    }),
    weighted(1, { kind: kind('instance leaves'), instance }),
    weighted(2, {
      kind: kind('wall clock steps'),
      instance,
      byMs: fc.integer({ min: -10_000, max: 10_000 }),
    }),
    weighted(1, { kind: kind('beats are lost'), instance, forMs }),
    // Slower than what trust allows for drift, and not so slow that no reply is in time.
    weighted(5, {
      kind: kind('replies are slow'),
      instance,
      byMs: fc.integer({ min: 30, max: 115 }),
      forMs: fc.integer({ min: 1_000, max: 8_000 }),
    }),
    weighted(3, { kind: kind('link is cut'), instance, server, way, forMs }),
  ];
}

function serverFault(): fc.WeightedArbitrary<ServerFault>[] {
  const server = fc.nat({ max: 4 });
  return [
    weighted(5, { kind: kind('server restarts'), server, forMs, how }),
    weighted(6, {
      kind: kind('server restarts on a grant'),
      server,
      afterMs: fc.nat({ max: 5 }),
      forMs: fc.nat({ max: 10 }),
      how,
      byMs: backMs,
    }),
    weighted(3, {
      kind: kind('server fails over'),
      server,
      lagMs: fc.nat({ max: 400 }),
      forMs: fc.nat({ max: 300 }),
      byMs: eitherMs,
    }),
    weighted(2, { kind: kind('server stops'), server, forMs }),
    weighted(3, { kind: kind('server is flushed'), server }),
    weighted(2, { kind: kind('server clock steps'), server, byMs: eitherMs, forMs }),
  ];
}

const spots = fc.record({ forkedFrom: fc.nat({ max: 4 }), lossyFrom: fc.nat({ max: 4 }) });
const bits = fc.nat({ max: 31 });

function nameFault(weight: number): fc.WeightedArbitrary<NameFault> {
  return weighted(weight, {
    kind: kind('name moves'),
    server: fc.nat({ max: 4 }),
    who: fc.constantFrom('all' as const, 'all' as const, 'one' as const),
    instance: fc.nat({ max: 7 }),
    content: fc.constantFrom('empty' as const, 'empty' as const, 'replica' as const, 'file' as const),
    forMs: fc.integer({ min: 100, max: 15_000 }),
    resets: bits,
    resetsBack: bits,
  });
}

export function planFor(profile: Profile): fc.Arbitrary<Plan> {
  const event = fc.oneof(
    ...instanceFault(),
    ...serverFault(),
    ...(profile.namesMove === true ? [nameFault(NAME_WEIGHT)] : []),
    weighted(4, { kind: kind('instance joins') }),
    { weight: 1, arbitrary: rarely(fc.record({ kind: kind('newer node set joins') })) },
  );
  const atMs = fc.integer({ min: 500, max: profile.healedAtMs });
  const fault: fc.Arbitrary<Fault> = fc.tuple(atMs, event).map(([at, what]) => ({ atMs: at, ...what }));
  return fc.record<Plan>({
    seed: fc.nat(),
    servers: fc.constantFrom<1 | 3 | 5>(3, 3, 3, 5, 1),
    instances: fc.integer({ min: profile.leastInstances, max: MOST_INSTANCES }),
    firstClockMs: fc.oneof(
      { weight: 4, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.integer({ min: -5_000, max: 5_000 }) },
    ),
    healedSkewMs: fc.nat({ max: MOST_HEALED_SKEW_MS }),
    leftDown: fc.nat({ max: 2 }),
    faults: fc.array(fault, { maxLength: MOST_FAULTS, size: 'max' }),
    policies: termsFor(profile),
    ...(profile.namesMove === true && { spots }),
    trial: fc.constantFrom<Trial>('idle deaths', 'idle deaths', 'all away', 'death in a run'),
  });
}

/** It ends what most of a world is about, so most worlds do without: every third time it is only one more instance. */
function rarely(
  event: fc.Arbitrary<{ kind: 'newer node set joins' }>,
): fc.Arbitrary<{ kind: 'newer node set joins' | 'instance joins' }> {
  return fc.oneof(
    event,
    fc.record({ kind: kind('instance joins') }),
    fc.record({ kind: kind('instance joins') }),
  );
}

function weighted<T>(
  weight: number,
  fields: { [K in keyof T]: fc.Arbitrary<T[K]> },
): fc.WeightedArbitrary<T> {
  return { weight, arbitrary: fc.record(fields) as fc.Arbitrary<T> };
}
