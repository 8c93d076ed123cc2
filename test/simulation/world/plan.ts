/** What goes wrong in a world, and when. Made by fast-check, which also makes a failing plan small. */

import fc from 'fast-check';
import type { Fault } from './fault.js';
import { faultsFor } from './plan-faults.js';
import { type TaskTerms, termsFor } from './policies.js';
import type { Profile } from './profile.js';
import type { RivalPlan } from './rivals.js';
import { type SetBackPlan, setBackPlan } from './set-back.js';
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
  /** The nodes have never been used: by default they are in use when the world begins. */
  readonly areNew?: boolean | undefined;
  /** What happens after healing; instances that are idle die where nothing is said. */
  readonly trial?: Trial | undefined;
  /** Where names may come to mean other servers; nowhere by default. */
  readonly spots?: SpotPlan | undefined;
  /** Another set of nodes beside the first; none by default. */
  readonly rival?: RivalPlan | undefined;
  /** Clocks of all servers that are far ahead until the world is healed; none by default. */
  readonly setBack?: SetBackPlan | undefined;
  /** Of each task; by default everywhere where there are none. */
  readonly policies?: readonly TaskTerms[] | undefined;
}

/**
 * - `idle deaths`    instances die that run nothing: no tick may be lost
 * - `all away`       nobody is there for some seconds: their ticks are missed
 * - `death in a run` an instance dies while it runs something
 * - `none`           nothing more happens
 */
export type Trial = 'idle deaths' | 'all away' | 'death in a run' | 'none';

const MAX_FAULTS = 16;
const MAX_INSTANCES = 5;
/** Below EARLY: further behind a node refuses bids for ticks that the others say have come. */
const MAX_HEALED_SKEW_MS = 45;

const mostlyInUse = fc.constantFrom(false, false, true);
const spots = fc.record({ forkedFrom: fc.nat({ max: 4 }), lossyFrom: fc.nat({ max: 4 }) });
const rival: fc.Arbitrary<RivalPlan> = fc.record({
  shape: fc.nat({ max: 11 }),
  trouble: fc.constantFrom('forgetful' as const, 'sleepy' as const),
  instances: fc.nat({ max: 2 }),
});

export function planFor(profile: Profile): fc.Arbitrary<Plan> {
  const atMs = fc.integer({ min: 500, max: profile.healedAtMs });
  const fault: fc.Arbitrary<Fault> = fc
    .tuple(atMs, faultsFor(profile))
    .map(([at, what]) => ({ atMs: at, ...what }));
  return fc.record<Plan>({
    seed: fc.nat(),
    servers: fc.constantFrom<1 | 3 | 5>(...(profile.servers ?? [3, 3, 3, 5, 1])),
    instances: fc.integer({ min: profile.leastInstances, max: MAX_INSTANCES }),
    firstClockMs: fc.oneof(
      { weight: 4, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.integer({ min: -5_000, max: 5_000 }) },
    ),
    healedSkewMs: fc.nat({ max: MAX_HEALED_SKEW_MS }),
    // A node that waits for the word of one that is down for good has no vote.
    leftDown: profile.isStrict === true ? fc.constant(0) : fc.nat({ max: 2 }),
    faults: fc.array(fault, { maxLength: MAX_FAULTS, size: 'max' }),
    areNew: profile.everyInstanceBids && profile.isStrict !== true ? fc.constant(false) : mostlyInUse,
    policies: termsFor(profile),
    ...(profile.namesMove === true && { spots }),
    ...(profile.hasRivals === true && { rival }),
    ...(profile.raisesEpochs === true && {
      setBack: fc.option(setBackPlan, { nil: undefined, freq: 4 }),
    }),
    trial:
      profile.isStrict === true || profile.handlersHang === true
        ? fc.constant<Trial>('none')
        : fc.constantFrom<Trial>('idle deaths', 'idle deaths', 'all away', 'death in a run'),
  });
}
