import { setTimeout as sleep } from 'node:timers/promises';
import type { Outcome } from 'nestjs-distributed-schedule';
import type { ReplicaMessage } from '../replica-message.js';

/** What is known of one tick of one task, from what the replicas report. */
export interface TickEntry {
  readonly task: string;
  readonly tick: number;
  started?: { readonly replica: string; readonly latenessMs: number };
  outcome?: Outcome;
  /** What every replica said, also those on which it did not run. */
  readonly reports: Map<string, { readonly outcome: Outcome; readonly detail: string | undefined }>;
}

const LOOK_EVERY_MS = 50;

const RAN: readonly Outcome[] = ['success', 'failed', 'aborted', 'timed_out', 'cancelled', 'given_up'];

/** For the eyes only: the proof is read from what the handlers wrote, see proof.ts. */
export class Scoreboard {
  private readonly entries = new Map<string, TickEntry>();
  private readonly runs = new Map<string, number>();

  take(replica: string, message: ReplicaMessage): void {
    if (message.type === 'started') {
      this.entry(message.task, message.tick).started = { replica, latenessMs: message.latenessMs };
      this.runs.set(replica, this.runsOf(replica) + 1);
    } else if (message.type === 'tick') {
      const { task, tick, outcome } = message;
      const entry = this.entry(task, tick);
      entry.reports.set(replica, message);
      if (RAN.includes(outcome)) entry.outcome = outcome;
    }
  }

  /** Resolves when each of the tasks has been started once, or after `withinMs`; rejects when `signal` aborts. */
  async untilAllStart(tasks: readonly string[], withinMs: number, signal: AbortSignal): Promise<void> {
    const lastMs = Date.now() + withinMs;
    const started = (): Set<string> =>
      new Set([...this.entries.values()].filter((entry) => entry.started).map(({ task }) => task));
    while (Date.now() < lastMs && !tasks.every((task) => started().has(task)))
      await sleep(LOOK_EVERY_MS, undefined, { signal });
  }

  entry(task: string, tick: number): TickEntry {
    const key = `${tick} ${task}`;
    const known = this.entries.get(key) ?? { task, tick, reports: new Map() };
    this.entries.set(key, known);
    return known;
  }

  runsOf(replica: string): number {
    return this.runs.get(replica) ?? 0;
  }
}
