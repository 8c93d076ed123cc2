import type { DistributedScheduleRegistry } from '../nest/distributed-schedule.registry.js';
import type { ScheduleEvent, ScheduleObserver } from '../protocol/contract/observer.js';
import { hasRun, type TickReport } from '../protocol/contract/outcome.js';

/** Every tick that has ended on this instance, oldest first. */
export class TickReports implements ScheduleObserver {
  private readonly kept: TickReport[] = [];

  observe(event: ScheduleEvent): void {
    if (event.type === 'tick') this.kept.push(event.report);
  }

  of(task: string | undefined): readonly TickReport[] {
    return this.kept.filter((report) => task === undefined || report.task === task);
  }

  runsOf(task: string): readonly TickReport[] {
    return this.of(task).filter(({ outcome }) => hasRun(outcome));
  }

  /** How a tick ended; undefined while it has not. */
  find(task: string, tick: number): TickReport | undefined {
    return this.kept.findLast((report) => report.task === task && report.tick === tick);
  }

  forget(): void {
    this.kept.length = 0;
  }
}

/** Which tick is waited for. Without `tick`: the next one that runs here. */
export interface AwaitedTick {
  readonly task: string;
  /** Epoch ms, as `registry.trigger` returns it. Any end of this tick counts, also one without a run. */
  readonly tick?: number;
}

/**
 * Waits in real time for a tick to end on this instance, for tests against real servers:
 *
 * ```ts
 * const report = await tickEnded(registry, await registry.trigger('settle'));
 * ```
 *
 * It waits for as long as the test runner lets it.
 */
export function tickEnded(
  registry: DistributedScheduleRegistry,
  { task, tick }: AwaitedTick,
): Promise<TickReport> {
  return new Promise((resolve) => {
    const observer: ScheduleObserver = {
      observe: (event) => {
        if (event.type !== 'tick' || event.report.task !== task) return;
        const isMeant = tick === undefined ? hasRun(event.report.outcome) : event.report.tick === tick;
        if (!isMeant) return;
        registry.removeObserver(observer);
        resolve(event.report);
      },
    };
    registry.addObserver(observer);
  });
}
