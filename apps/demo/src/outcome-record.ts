import { appendFileSync } from 'node:fs';
import type { ScheduleEvent, ScheduleObserver } from 'nestjs-distributed-schedule';
import { machineMonotonicMs } from './clock-offset.js';
import type { Settings } from './settings.js';

/** The library's word on one tick, or on a lease, as one replica gave it. */
export interface OutcomeLine {
  readonly replica: string;
  readonly monotonicMs: number;
  readonly task: string;
  readonly tick: number;
  /** One of the outcomes, `started`, or `lease_lost`. What the audit finds is `missed` or `lost`. */
  readonly said: string;
  readonly detail: string;
  /** Of the audit: how many, of which `tick` is the newest. */
  readonly ticks?: number;
}

/** Writes down what the scheduler says about each tick. A message to the parent process would be lost with a kill -9. */
export class OutcomeRecord implements ScheduleObserver {
  constructor(private readonly settings: Settings) {}

  observe(event: ScheduleEvent): void {
    switch (event.type) {
      case 'started':
        this.append(event, 'started', `${Math.round(event.latenessMs)} ms late`);
        return;
      case 'tick':
        this.append(event.report, event.report.outcome, event.report.detail ?? errorText(event.report.error));
        return;
      case 'lease_lost':
        this.append(event, 'lease_lost', event.reason);
        return;
      case 'audit':
        this.append(event.finding, event.finding.outcome, `${event.finding.cause}: ${event.finding.detail}`);
        return;
      default:
    }
  }

  private append(about: Pick<OutcomeLine, 'task' | 'tick' | 'ticks'>, said: string, detail: string): void {
    const { outcomeFile, replica } = this.settings;
    if (outcomeFile === undefined) return;
    const { task, tick, ticks } = about;
    const line: OutcomeLine = {
      ...{ replica, monotonicMs: machineMonotonicMs(), task, tick, said, detail },
      ...(ticks !== undefined && { ticks }),
    };
    appendFileSync(outcomeFile, `${JSON.stringify(line)}\n`);
  }
}

function errorText(error: unknown): string {
  return error instanceof Error ? error.message : '';
}
