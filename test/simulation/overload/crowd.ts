/**
 * Many instances with many tasks on one processor. What anything costs is drawn after measurements (docs/benchmarks.md); the
 * promise is about what becomes of the work when the processor is short, not about how many ms it takes.
 */

import type { InstanceDirectory } from '#src/protocol/audit/audit-source.js';
import type { AuditFinding } from '#src/protocol/contract/audit-finding.js';
import type { ScheduleEvent } from '#src/protocol/contract/observer.js';
import type { Clock, LockProvider, VotingNode } from '#src/protocol/contract/ports.js';
import type { ScheduledTask } from '#src/protocol/contract/tick-context.js';
import { MemoryCluster } from '#src/testing/memory-cluster.js';
import { between } from '../../support/between.js';
import { taskOf } from '../../support/tasks.js';
import { Processor } from './processor.js';

/** ms of processor: of any wake-up, of a message, and of each line in it, on the way out and back. */
const WAKE_MS = 0.02;
const MESSAGE_MS = 0.1;
const PEEK_LINE_MS = 0.01;
const CLAIM_LINE_MS = 0.03;
const LOCK_LINE_MS = 0.1;
const RUN_MS = 0.2;

export interface CrowdOptions {
  readonly instances: number;
  readonly tasks: number;
  readonly cores: number;
  readonly seed: number;
}

export class Crowd {
  readonly cluster: MemoryCluster;
  readonly processor: Processor;
  /** Ticks that ran, as `task tick`. */
  readonly started: string[] = [];
  /** By instance: every event. */
  readonly told: AuditFinding[] = [];
  messages = 0;
  by: Record<string, number> = {};
  private readonly toldUpTo = new Map<string, number>();

  constructor({ instances, tasks, cores, seed }: CrowdOptions) {
    this.cluster = new MemoryCluster({ seed });
    this.processor = new Processor(this.cluster.clock, cores);
    const all = Array.from(
      { length: tasks },
      (_, index): ScheduledTask =>
        taskOf(
          async ({ task, tick }) => {
            this.started.push(`${task} ${tick}`);
            await this.processor.work(RUN_MS);
          },
          { name: `task${index}` },
        ),
    );
    for (let index = 0; index < instances; index += 1)
      this.cluster.join(all, {
        directory: this.directory(),
        onEvent: (event) => this.hear(event),
        wrapClock: (clock) => this.busyClock(clock),
        wrapNode: (node) => this.busyNode(node),
        wrapLocks: (locks) => this.busyLocks(locks),
      });
  }

  async advance(seconds: number): Promise<void> {
    await this.cluster.clock.advance(seconds * 1_000);
  }

  /** What happens in so many seconds from now on, per second. */
  async measure(
    seconds: number,
  ): Promise<{ readonly runs: number; readonly usedMs: number; readonly messages: number }> {
    const before = { runs: this.started.length, usedMs: this.processor.usedMs, messages: this.messages };
    await this.advance(seconds);
    return {
      runs: (this.started.length - before.runs) / seconds,
      usedMs: (this.processor.usedMs - before.usedMs) / seconds,
      messages: (this.messages - before.messages) / seconds,
    };
  }

  private hear(event: ScheduleEvent): void {
    if (event.type === 'audit') this.told.push(event.finding);
  }

  /** As the board has it: what one has told all know, and everybody is there from the start. */
  private directory(): InstanceDirectory {
    const keyOf = ({ task, outcome }: Pick<AuditFinding, 'task' | 'outcome'>): string => `${outcome} ${task}`;
    return {
      sinceMsOf: () => 0,
      hasTold: (finding) => (this.toldUpTo.get(keyOf(finding)) ?? 0) >= finding.tick,
      noteTold: (finding) => {
        this.toldUpTo.set(keyOf(finding), Math.max(finding.tick, this.toldUpTo.get(keyOf(finding)) ?? 0));
      },
    };
  }

  private busyClock(clock: Clock): Clock {
    const sleepUntil = async (atMs: number, signal?: AbortSignal): Promise<void> => {
      await clock.sleepUntil(atMs, signal);
      await this.processor.work(WAKE_MS);
    };
    return {
      monotonicMs: () => clock.monotonicMs(),
      wallMs: () => clock.wallMs(),
      sleepUntil,
      wakeExactlyAt: sleepUntil,
    };
  }

  private busyNode(node: VotingNode): VotingNode {
    const costs = (lineMs: number, what = 'x') => (lines: { readonly length: number }) => this.message(lines, lineMs, what);
    return between(node, {
      before: {
        claim: costs(CLAIM_LINE_MS, 'claim'),
        giveBack: costs(CLAIM_LINE_MS, 'giveBack'),
        peek: costs(PEEK_LINE_MS, 'peek'),
        beat: (_instance: unknown, _sign: unknown, lines: readonly string[]) =>
          this.message(lines, PEEK_LINE_MS, 'beat'),
      },
    });
  }

  private busyLocks(locks: LockProvider): LockProvider {
    const costs = (w: string) => (lines: { readonly length: number }): Promise<void> => this.message(lines, LOCK_LINE_MS, w);
    return between(locks, { before: { tryAcquire: costs('lock'), release: costs('release'), extend: costs('extend') } });
  }

  private async message({ length }: { readonly length: number }, lineMs: number, what = 'y'): Promise<void> {
    this.messages += 1;
    this.by[what] = (this.by[what] ?? 0) + 0.1 + length * lineMs;
    await this.processor.work(MESSAGE_MS + length * lineMs);
  }
}
