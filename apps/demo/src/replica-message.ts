import type { AuditFinding, Outcome } from 'nestjs-distributed-schedule';

/** What a replica tells the process that started it, if one did. */
export type ReplicaMessage =
  | { readonly type: 'listening'; readonly port: number; readonly instanceId: string }
  | { readonly type: 'started'; readonly task: string; readonly tick: number; readonly latenessMs: number }
  | {
      readonly type: 'tick';
      readonly task: string;
      readonly tick: number;
      readonly outcome: Outcome;
      readonly detail: string | undefined;
    }
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
