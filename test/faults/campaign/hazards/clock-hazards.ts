/** Wall clocks of replicas and masters that step, or run at a wrong rate. */

import type { ClockShim } from '../../../support/clock-shim/clock-shim.js';
import {
  type ClockChange,
  clockChanged,
  clockOfReplica,
  clockOfServer,
} from '../../../support/faults/clock-faults.js';
import { CLOCK_UNAVAILABLE, type ReplicaClock } from '../../../support/faults/replica-clock.js';
import type { Moment } from '../account/incident.js';
import { type Aim, type Attack, type Hazard, pick, slotName } from './hazard.js';
import { storeHazard } from './store-hazard.js';

const REPLICA_STEPS_MS = [-3_600_000, -10_000, -2_000, -500, 500, 2_000, 10_000, 3_600_000] as const;
const NODE_STEPS_MS = [-10_000, -2_000, -800, -150, 150, 800, 2_000, 10_000] as const;
const WRONG_RATES = [0.95, 1.05] as const;
const SHORT_MS = [500, 4_000] as const;
const DIRECTED = ['random', 'on grant', 'on win'] as const;

type ChangeFor = (aim: Aim) => ClockChange;

/** One clock for each slot; undefined where there are none. */
export function replicaClockHazards(clocks: readonly ReplicaClock[] | undefined): readonly Hazard[] {
  const hazard = (kind: string, moments: readonly Moment[], change: ChangeFor): Hazard => ({
    kind,
    moments,
    unavailable: () => (clocks === undefined ? CLOCK_UNAVAILABLE : undefined),
    aim: (aim) => attack(aim, clocks?.[aim.slot.index], change(aim)),
  });
  return [
    hazard('replica: clock stepped', DIRECTED, ({ random }) => ({ stepMs: pick(random, REPLICA_STEPS_MS) })),
    hazard('replica: clock at a wrong rate', ['random'], ({ random }) => ({
      rate: pick(random, WRONG_RATES),
    })),
  ];
}

function attack({ cast, slot }: Aim, clock: ReplicaClock | undefined, change: ClockChange): Attack {
  if (clock === undefined) throw new Error(CLOCK_UNAVAILABLE);
  const replica = cast.replicaIn(slot);
  return {
    target: `${replica.name} ${JSON.stringify(change)}`,
    fault: clockChanged(clockOfReplica(replica, clock), change),
    // A replica with a wrong wall clock takes part as before, so that no miss is excused; what it says
    // about a run that it aborted because its clock leapt ahead explains itself.
    effect: { clocks: [replica.name] },
    victims: [slotName(slot)],
    lastsMs: SHORT_MS,
  };
}

/** One clock for each node. */
export function nodeClockHazards(clocks: readonly ClockShim[] | undefined): readonly Hazard[] {
  const hazard = (kind: string, moments: readonly Moment[], change: ChangeFor): Hazard =>
    storeHazard({
      kind,
      moments,
      lastsMs: SHORT_MS,
      // It refuses what is early or late by its clock, and a step back counts as a loss of memory.
      forgets: true,
      unavailable: () => (clocks === undefined ? CLOCK_UNAVAILABLE : undefined),
      fault: (server, node, aim) => {
        const clock = clocks?.[node];
        if (clock === undefined) throw new Error(CLOCK_UNAVAILABLE);
        return clockChanged(clockOfServer(server, clock), change(aim));
      },
    });
  return [
    hazard('redis: clock stepped', DIRECTED, ({ random }) => ({ stepMs: pick(random, NODE_STEPS_MS) })),
    hazard('redis: clock at a wrong rate', ['random'], ({ random }) => ({ rate: pick(random, WRONG_RATES) })),
  ];
}
