/** A tick that comes due while a run of its task goes on here: nobody need bid for what that run takes on. */

import type { DueTick } from '../contract/due-tick.js';
import type { Arrival } from '../policies/overlap.js';
import type { RunChain } from './run-chain.js';
import type { RunParts } from './run-parts.js';
import { endAs, tellEnds } from './tick-end.js';

/** Gives the tick to the run that holds its task's lock here. `contest`: none does, or it has no say. */
export function handToRun(
  parts: Pick<RunParts, 'chains' | 'register' | 'instanceId' | 'report' | 'clusterClock' | 'stopped'>,
  due: DueTick,
): Arrival {
  if (parts.register.isFull(due.task.name)) {
    const detail = 'too many runs of its task that were given up go on here';
    tellEnds(parts, endAs({ outcome: 'overlap', detail }, due));
    return 'refused';
  }
  const chain = parts.chains.of(due.task.name);
  if (chain === undefined) return 'contest';
  const { handed, ended } = chain.comesDue(due);
  tellEnds(parts, ended);
  if (handed === 'waits') tellWhenItsTimeComes(parts, chain, due);
  return handed;
}

export function tellWhenItsTimeComes(
  { clusterClock, stopped }: Pick<RunParts, 'clusterClock' | 'stopped'>,
  chain: RunChain,
  { tick }: DueTick,
): void {
  if (chain.policies.overlap !== 'cancel_other') return;
  void clusterClock.sleepUntil(tick, stopped).then(() => {
    if (!stopped.aborted) chain.timeHasCome(tick);
  });
}
