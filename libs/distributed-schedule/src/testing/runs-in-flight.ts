import type { ScheduleEvent, ScheduleObserver } from '../protocol/contract/observer.js';
import { realMs, realSleep, realTurn } from '../system/real-time.js';

/** Turns of the event loop that a handler is given before the wait for it costs real time. */
const QUICK_TURNS = 20;

/** Handlers that have been called and have not ended. Time of a test stands still while they work, or hours would pass. */
export class RunsInFlight implements ScheduleObserver {
  /** Until when each of them is waited for, real ms. */
  private readonly patientUntilMs = new Map<string, number>();

  /** @param patienceMs how long one run may keep time from passing, real ms */
  constructor(private readonly patienceMs: number) {}

  observe(event: ScheduleEvent): void {
    switch (event.type) {
      case 'started':
        this.patientUntilMs.set(keyOf(event), realMs() + this.patienceMs);
        return;
      case 'tick':
        if (event.report.goesOn !== true) this.patientUntilMs.delete(keyOf(event.report));
        return;
      case 'retry':
      case 'late_end':
        this.patientUntilMs.delete(keyOf(event));
        return;
      default:
    }
  }

  /** Resolves when each of them has ended, or has taken longer than it is waited for. */
  async ended(): Promise<void> {
    for (let turn = 0; this.isAnyAwaited(); turn += 1) await (turn < QUICK_TURNS ? realTurn() : realSleep(1));
  }

  private isAnyAwaited(): boolean {
    if (this.patientUntilMs.size === 0) return false;
    const nowMs = realMs();
    return [...this.patientUntilMs.values()].some((untilMs) => untilMs > nowMs);
  }
}

function keyOf({ task, tick }: { readonly task: string; readonly tick: number }): string {
  return `${tick} ${task}`;
}
