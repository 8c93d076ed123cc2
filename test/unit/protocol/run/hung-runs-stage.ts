/** Handlers that do not return, and what is told of them. */

import type { AuditFinding } from '#src/protocol/contract/audit-finding.js';
import type { ScheduleEvent } from '#src/protocol/contract/observer.js';
import type { RunInFlight } from '#src/protocol/contract/run-in-flight.js';
import type { TickContext } from '#src/protocol/contract/tick-context.js';
import { PolicyStage } from './policy-stage.js';

/** Those of tick 0, which go on until the test ends them. */
export class Hung {
  readonly contexts: TickContext[] = [];
  private readonly ends: ((error?: Error) => void)[] = [];

  /** The first so many runs hang. */
  constructor(private readonly count = 1) {}

  readonly work = (context: TickContext): unknown => {
    if (this.contexts.length >= this.count) return undefined;
    this.contexts.push(context);
    return new Promise<void>((resolve, reject) => {
      this.ends.push((error) => (error === undefined ? resolve() : reject(error)));
    });
  };

  end(index: number, error?: Error): void {
    this.ends[index]?.(error);
  }
}

export function eventsOf<T extends ScheduleEvent['type']>(
  stage: PolicyStage,
  type: T,
): readonly Extract<ScheduleEvent, { type: T }>[] {
  return stage.cluster.members
    .flatMap(({ events }) => events)
    .filter((event): event is Extract<ScheduleEvent, { type: T }> => event.type === type);
}

export function stuck(stage: PolicyStage): readonly AuditFinding[] {
  return eventsOf(stage, 'audit').flatMap(({ finding }) => (finding.outcome === 'stuck' ? [finding] : []));
}

export function inFlight(stage: PolicyStage): readonly RunInFlight[] {
  return stage.cluster.members.flatMap(({ scheduler }) =>
    scheduler.status().tasks.flatMap(({ runs }) => runs),
  );
}
