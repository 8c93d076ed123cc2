/** Handlers that do not return, and what is told of them. */

import type { AuditFinding } from '#src/protocol/contract/audit-finding.js';
import type { ScheduleEvent } from '#src/protocol/contract/observer.js';
import type { RunInFlight } from '#src/protocol/contract/run-in-flight.js';
import type { TickContext } from '#src/protocol/contract/tick-context.js';
import { PolicyScene } from './policy-scene.js';

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
  scene: PolicyScene,
  type: T,
): readonly Extract<ScheduleEvent, { type: T }>[] {
  return scene.cluster.members
    .flatMap(({ events }) => events)
    .filter((event): event is Extract<ScheduleEvent, { type: T }> => event.type === type);
}

export function stuck(scene: PolicyScene): readonly AuditFinding[] {
  return eventsOf(scene, 'audit').flatMap(({ finding }) => (finding.outcome === 'stuck' ? [finding] : []));
}

export function inFlight(scene: PolicyScene): readonly RunInFlight[] {
  return scene.cluster.members.flatMap(({ scheduler }) =>
    scheduler.status().tasks.flatMap(({ runs }) => runs),
  );
}
