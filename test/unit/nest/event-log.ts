import type { ScheduleEvent, ScheduleObserver } from 'nestjs-distributed-schedule';

type EventOf<T extends ScheduleEvent['type']> = Extract<ScheduleEvent, { type: T }>;

/** Remembers events, and lets a test wait for one instead of sleeping. */
export class EventLog implements ScheduleObserver {
  readonly events: ScheduleEvent[] = [];
  private readonly waiting = new Set<(event: ScheduleEvent) => void>();

  observe(event: ScheduleEvent): void {
    this.events.push(event);
    for (const tell of this.waiting) tell(event);
  }

  of<T extends ScheduleEvent['type']>(type: T): EventOf<T>[] {
    return this.events.filter((event): event is EventOf<T> => event.type === type);
  }

  /** The next event of this type from now on, about this task where one is given. */
  next<T extends ScheduleEvent['type']>(type: T, task?: string): Promise<EventOf<T>> {
    return new Promise((resolve) => {
      const tell = (event: ScheduleEvent): void => {
        if (event.type !== type || (task !== undefined && taskOf(event) !== task)) return;
        this.waiting.delete(tell);
        resolve(event as EventOf<T>);
      };
      this.waiting.add(tell);
    });
  }

  /** The next tick that a task ran here, however it ended. */
  async nextRun(task: string): Promise<EventOf<'tick'>['report']> {
    for (;;) {
      const { report } = await this.next('tick', task);
      if (report.durationMs !== undefined) return report;
    }
  }

  /** The ticks that a task has run here, once these are among them; none is passed over, however many end at once. */
  async runsOf(task: string, ticks: readonly number[]): Promise<readonly number[]> {
    for (;;) {
      const ran = this.of('tick')
        .filter(({ report }) => report.task === task && report.durationMs !== undefined)
        .map(({ report }) => report.tick);
      if (ticks.every((tick) => ran.includes(tick))) return ran;
      await this.next('tick', task);
    }
  }
}

function taskOf(event: ScheduleEvent): string | undefined {
  if (event.type === 'tick') return event.report.task;
  return 'task' in event ? event.task : undefined;
}
