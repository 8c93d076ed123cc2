/**
 * Many instances with many tasks on one processor. What anything costs is drawn after measurements (docs/benchmarks.md); the
 * promise is about what becomes of the work when the processor is short, not about how many ms it takes.
 */

import type { InstanceDirectory } from '#src/protocol/audit/audit-source.js';
import type { AuditFinding } from '#src/protocol/contract/audit-finding.js';
import type { ScheduleEvent } from '#src/protocol/contract/observer.js';
import type { Clock, LockProvider, VotingNode } from '#src/protocol/contract/ports.js';
import type { ScheduledTask } from '#src/protocol/contract/tick-context.js';
import { CallPatience } from '#src/protocol/time/call-patience.js';
import { MemoryCluster } from '#src/testing/memory-cluster.js';
import { between } from '../../support/between.js';
import { taskOf } from '../../support/tasks.js';
import { Processor } from './processor.js';

/** ms of processor: of any wake-up, of a message, and of each line in it, on the way out and back. */
const WAKE_MS = 0.02;
const MESSAGE_MS = 0.1;
const PEEK_LINE_MS = 0.01;
/** Of a short answer, which a node makes for the first and gives to the others: a sixth of a line in full by `npm run bench:looks`. */
const SHORT_LINE_MS = PEEK_LINE_MS / 6;
const CLAIM_LINE_MS = 0.03;
const LOCK_LINE_MS = 0.1;
const RUN_MS = 0.2;

const NODES = 3;
const NODE_TIMEOUT_MS = 120;
const MOST_PATIENCE_MS = 360;

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
  /** Every finding of an audit, by whoever told it. */
  readonly told: AuditFinding[] = [];
  messages = 0;
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
    for (let index = 0; index < instances; index += 1) {
      const patience = new CallPatience(NODES, { leastMs: NODE_TIMEOUT_MS, mostMs: MOST_PATIENCE_MS });
      this.cluster.join(all, {
        directory: this.directory(),
        onEvent: (event) => this.hear(event),
        wrapClock: (clock) => this.busyClock(clock),
        wrapNode: (node, position) => this.busyNode(node, position, patience),
        wrapLocks: (locks) => this.busyLocks(locks),
      });
    }
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

  /** What is sent waits for the processor as the server does, and is refused there when its deadline has passed. */
  private busyNode(node: VotingNode, index: number, patience: CallPatience): VotingNode {
    const { clock } = this.cluster;
    const cost = async ({ length }: { readonly length: number }, lineMs: number): Promise<void> => {
      const sentMs = clock.monotonicMs();
      await this.message(length, lineMs);
      patience.answered(index, clock.monotonicMs() - sentMs);
    };
    return between(node, {
      before: {
        claim: (claims) => cost(claims, CLAIM_LINE_MS),
        giveBack: (claims) => cost(claims, CLAIM_LINE_MS),
        peek: (tasks) => cost(tasks, PEEK_LINE_MS),
        beat: (_instanceId, _sign, tasks, question) =>
          question?.kind === 'ask'
            ? cost({ length: question.count }, SHORT_LINE_MS)
            : cost(tasks, PEEK_LINE_MS),
      },
      instead: { callDeadlineMs: () => Math.ceil(clock.wallMs() + patience.timeoutMs) },
    });
  }

  private busyLocks(locks: LockProvider): LockProvider {
    const costs = ({ length }: { readonly length: number }): Promise<void> =>
      this.message(length, LOCK_LINE_MS);
    return between(locks, { before: { tryAcquire: costs, release: costs, extend: costs } });
  }

  private async message(lines: number, lineMs: number): Promise<void> {
    this.messages += 1;
    await this.processor.work(MESSAGE_MS + lines * lineMs);
  }
}
