/** How a tick ends on this instance, and the one place from which that is told: exactly once for each tick that is due here. */

import type { DueTick } from '../contract/due-tick.js';
import type { TickReport } from '../contract/outcome.js';

export type Ending = Omit<TickReport, 'task' | 'tick' | 'instanceId'>;

export interface EndedTick {
  readonly due: Pick<DueTick, 'task' | 'tick'>;
  readonly ending: Ending;
}

export interface TickEndParts {
  readonly instanceId: string;
  readonly report: (report: TickReport) => void;
}

export function tellEnds({ instanceId, report }: TickEndParts, ended: readonly EndedTick[]): void {
  for (const { due, ending } of ended) report({ task: due.task.name, tick: due.tick, instanceId, ...ending });
}

export function endAs(ending: Ending, ...dues: readonly DueTick[]): readonly EndedTick[] {
  return dues.map((due) => ({ due, ending }));
}
