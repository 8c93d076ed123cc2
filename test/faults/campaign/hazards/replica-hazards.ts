/** What happens to the processes of an application. */

import { type Fault, faultOf } from '../../../support/faults/fault.js';
import {
  heapExhausted,
  killed,
  loopBlocked,
  stopped,
  terminated,
} from '../../../support/faults/process-faults.js';
import type { Replica } from '../../../support/replica.js';
import type { Aim, Attack, Hazard } from './hazard.js';
import { between, NEVER_HEALED_MS, slotName } from './hazard.js';

const ANY_MOMENT = ['random', 'on grant', 'on win', 'on release'] as const;

/** One time to live is 3 s: some stalls are longer, so that the lease ends meanwhile. */
const STOPPED_MS = [400, 5_000] as const;
const BLOCKED_MS = [600, 4_000] as const;

export const REPLICA_HAZARDS: readonly Hazard[] = [
  { kind: 'replica: kill -9', moments: ANY_MOMENT, aim: (aim) => death(aim, killed) },
  { kind: 'replica: out of heap', moments: ['random', 'on win'], aim: (aim) => death(aim, heapExhausted) },
  { kind: 'replica: SIGSTOP', moments: ['random', 'on grant', 'on win'], share: 2, aim: stop },
  { kind: 'replica: event loop blocked', moments: ['random', 'on grant', 'on win'], share: 2, aim: block },
  { kind: 'replica: SIGTERM, replaced', moments: ANY_MOMENT, aim: replacement },
  { kind: 'replica: rolling deploy', moments: ['random'], aim: rollingDeploy },
];

/** It dies and another one takes its place. */
function death({ cast, slot }: Aim, faultFor: (replica: Replica) => Fault): Attack {
  const replica = cast.replicaIn(slot);
  return {
    target: replica.name,
    fault: faultFor(replica),
    // A heap that fills up blocks the event loop on its way.
    effect: { replicas: [replica.name] },
    victims: [slotName(slot)],
    lastsMs: NEVER_HEALED_MS,
    beforeStrike: () => cast.markEnd(replica, false),
    afterHeal: () => cast.join(slot),
  };
}

function stop({ cast, slot }: Aim): Attack {
  const replica = cast.replicaIn(slot);
  return {
    target: replica.name,
    fault: stopped(replica),
    effect: { replicas: [replica.name] },
    victims: [slotName(slot)],
    lastsMs: STOPPED_MS,
  };
}

function block({ cast, slot, random }: Aim): Attack {
  const replica = cast.replicaIn(slot);
  const forMs = Math.round(between(random, ...BLOCKED_MS));
  return {
    target: `${replica.name} for ${forMs} ms`,
    fault: loopBlocked(replica, forMs),
    effect: { replicas: [replica.name] },
    victims: [slotName(slot)],
    lastsMs: NEVER_HEALED_MS,
  };
}

function replacement({ cast, slot }: Aim): Attack {
  const replica = cast.replicaIn(slot);
  return {
    target: replica.name,
    fault: drained(replica),
    effect: {},
    victims: [slotName(slot)],
    lastsMs: NEVER_HEALED_MS,
    beforeStrike: () => cast.markEnd(replica, true),
    afterHeal: () => cast.join(slot),
  };
}

/** SIGTERM; it has to end by itself, and well. */
function drained(replica: Replica): Fault {
  const fault = terminated(replica);
  return {
    ...fault,
    strike: async () => {
      const seen = await fault.strike();
      if (!seen.endsWith('code 0')) throw new Error(seen);
      return seen;
    },
  };
}

/** Every replica is asked to end and replaced, one after the other, as an orchestrator does. */
function rollingDeploy({ cast }: Aim): Attack {
  const deploy = async (): Promise<string> => {
    const seen: string[] = [];
    for (const slot of cast.slots) {
      const replica = cast.replicaIn(slot);
      cast.markEnd(replica, true);
      seen.push(await drained(replica).strike());
      await cast.join(slot);
    }
    return seen.join('; ');
  };
  return {
    target: cast.slots.map((slot) => cast.replicaIn(slot).name).join(', '),
    fault: faultOf({ name: 'rolling deploy', strike: deploy }),
    effect: {},
    victims: cast.slots.map(slotName),
    lastsMs: NEVER_HEALED_MS,
  };
}
