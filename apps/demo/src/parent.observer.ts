import type { ScheduleEvent, ScheduleObserver } from 'nestjs-distributed-schedule';
import { tellParent } from './replica-message.js';

/** Passes on to the parent process what the scheduler does, for the live table of the showcase. */
export class ParentObserver implements ScheduleObserver {
  observe(event: ScheduleEvent): void {
    switch (event.type) {
      case 'started':
        tellParent({ type: 'started', task: event.task, tick: event.tick, latenessMs: event.latenessMs });
        return;
      case 'tick': {
        const { task, tick, outcome, detail } = event.report;
        tellParent({ type: 'tick', task, tick, outcome, detail });
        return;
      }
      case 'audit':
        tellParent({ type: 'audit', finding: event.finding });
        return;
      case 'quorum':
        tellParent({ type: 'quorum', reached: event.reached });
        return;
      default:
    }
  }
}
