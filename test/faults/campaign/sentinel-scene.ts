/** One store that fails over, which is one vote: a master and a standby behind three Sentinels. */

import { type Fault } from '../../support/faults/fault.js';
import {
  failoverForced,
  masterKilled,
  SentinelStage,
  splitBrain,
} from '../../support/faults/sentinel-stage.js';
import { Cast } from './cast.js';
import { type Hazard, NEVER_HEALED_MS } from './hazards/hazard.js';
import { REPLICA_HAZARDS } from './hazards/replica-hazards.js';
import { machineMs } from './machine-clock.js';
import type { Nemesis } from './nemesis.js';
import type { Scene, SceneKind } from './scene.js';
import { firstRuns } from './witness.js';

const SLOTS = [0, 1, 2] as const;
/** A failover and what is around it. */
const ROUND_MS = 30_000;
const BEFORE_MS = 4_000;

/** Every round has its own servers, for they fail over once. */
export const SENTINEL: SceneKind = {
  name: 'sentinel',
  share: 1,
  unavailable: () => undefined,
  open,
  play,
  longestMs: ROUND_MS,
  isBestEffort: true,
};

/** The ways of failing over take turns, from round to round. */
let round = 0;

async function open(): Promise<Scene> {
  const store = await SentinelStage.open();
  const env = {
    REDIS_SENTINELS: store.input.sentinels.map(({ host, port }) => `${host}:${port}`).join(','),
    REDIS_MASTER: store.input.name,
  };
  const slots = SLOTS.map((index) => ({ index, env }));
  const cast = new Cast([store.master, store.standby], slots, 1);
  await cast.open();
  await firstRuns(cast.runFile);
  const failovers = [
    failover('sentinel: master killed', masterKilled(store), true),
    // Clients of the old master stay with it until it is told that it is one no more, 8 s later.
    failover('sentinel: failover by command', failoverForced(store), false),
    failover('sentinel: split brain', splitBrain(store), false),
  ];
  const chosen = failovers[round % failovers.length];
  round += 1;
  return {
    name: SENTINEL.name,
    cast,
    opening: chosen === undefined ? [] : [chosen],
    hazards: REPLICA_HAZARDS,
    close: async () => {
      await cast.close();
      await store.close();
    },
  };
}

function failover(kind: string, fault: Fault, isOverWhenSeen: boolean): Hazard {
  return {
    kind,
    moments: ['random', 'on grant', 'on win'],
    aim: () => ({
      target: 'the master',
      fault,
      effect: { nodes: [0], forgets: true },
      victims: ['the master'],
      lastsMs: NEVER_HEALED_MS,
      isBackground: true,
      // A dead master comes back as a standby later on, which changes nothing for anybody.
      isOverWhenSeen,
    }),
  };
}

async function play(nemesis: Nemesis, { opening = [] }: Scene, forMs: number): Promise<void> {
  const startedMs = machineMs();
  await nemesis.rage(startedMs + BEFORE_MS);
  for (const hazard of opening) {
    const moment = hazard.moments[round % hazard.moments.length] ?? 'random';
    await nemesis.playOne({ hazard, moment });
  }
  await nemesis.rage(startedMs + forMs);
}
