import type { AuditFinding, ScheduleEvent, ScheduleObserver, TickReport } from 'nestjs-distributed-schedule';

/** What a replica tells the process that started it, if one did. */
export type ReplicaMessage =
  | { readonly type: 'listening'; readonly port: number; readonly instanceId: string }
  | { readonly type: 'started'; readonly task: string; readonly tick: number; readonly latenessMs: number }
  | ({ readonly type: 'tick'; readonly detail: string | undefined } & Pick<
      TickReport,
      'task' | 'tick' | 'outcome'
    >)
  | { readonly type: 'audit'; readonly finding: AuditFinding }
  | { readonly type: 'quorum'; readonly reached: boolean };

/** What the process that started it may make a replica suffer, see fault-commands.ts. */
export type ReplicaCommand =
  | { readonly type: 'block'; readonly forMs: number }
  | { readonly type: 'exhaust memory' };

/** Nothing when this process was started by hand, or when its parent has gone. */
export function tellParent(message: ReplicaMessage): void {
  if (process.connected) process.send?.(message);
}

/** Passes on to the parent process what the scheduler does, for the live table of the showcase. */
export class ParentObserver implements ScheduleObserver {
  observe(event: ScheduleEvent): void {
    switch (event.type) {
      case 'started':
        tellParent({ type: 'started', task: event.task, tick: event.tick, latenessMs: event.latenessMs });
        return;
      case 'tick': {
        // Without the error: it may be an object that no message holds.
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
