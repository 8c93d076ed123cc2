/** Several instances whose handlers run until a test ends them, and which it can stop, kill and cut off. */

import type { InstanceDirectory } from '#src/protocol/audit/audit-source.js';
import type { AuditFinding } from '#src/protocol/contract/audit-finding.js';
import type { NodeReply } from '#src/protocol/contract/ports.js';
import { DEFAULT_POLICIES, type TaskPolicies } from '#src/protocol/contract/task-policies.js';
import type { ScheduledTask } from '#src/protocol/contract/tick-context.js';
import { type JoinOptions, type Member, MemoryCluster } from '#src/testing/memory-cluster.js';
import { between } from '../../../support/between.js';
import { every, taskOf } from '../../../support/tasks.js';
import { aroundNode } from '../../../support/wrapped-node.js';

export const START_MS = Date.UTC(2030, 0, 1);
export const PERIOD_MS = 10_000;
export const SILENT: NodeReply<never> = { answered: false, reason: 'cut' };

/** A process that can be stopped: nothing in it goes on, and answers wait for it. */
class Process {
  private awake = Promise.resolve();
  private wake = (): void => undefined;

  pause(): void {
    this.awake = new Promise((resolve) => {
      this.wake = resolve;
    });
  }

  resume(): void {
    this.wake();
  }

  get joining(): JoinOptions {
    const held = async <T>(work: Promise<T>): Promise<T> => {
      const value = await work;
      await this.awake;
      return value;
    };
    return {
      wrapClock: (clock) =>
        between(clock, {
          instead: { sleepUntil: (ask) => held(ask()), wakeExactlyAt: (ask) => held(ask()) },
        }),
    };
  }
}

/** What the board would say of others: who came first, and what was told. */
class Directory implements InstanceDirectory {
  private readonly told = new Set<string>();

  sinceMsOf(instanceId: string): number {
    return Number(instanceId.split('-')[1]);
  }

  hasTold({ task, tick }: AuditFinding): boolean {
    return this.told.has(`${task} ${tick}`);
  }

  noteTold({ task, tick }: AuditFinding): void {
    this.told.add(`${task} ${tick}`);
  }
}

export interface Told {
  readonly finding: AuditFinding;
  readonly atMs: number;
}

export class Stage {
  readonly cluster = new MemoryCluster();
  readonly told: Told[] = [];
  /** By instance, what runs there and has not been ended. */
  readonly running = new Map<string, (() => void)[]>();
  readonly silentNodes = new Set<number>();
  private readonly processes = new Map<string, Process>();
  private readonly directory = new Directory();

  /** A task whose handlers run until the test ends them. */
  endless(policies: Partial<TaskPolicies> = {}, periodMs = PERIOD_MS): ScheduledTask {
    return taskOf(
      ({ instanceId }) =>
        new Promise<void>((resolve) => {
          this.running.set(instanceId, [...(this.running.get(instanceId) ?? []), resolve]);
        }),
      { schedule: every(periodMs), policies: { ...DEFAULT_POLICIES, ...policies } },
    );
  }

  join(task: ScheduledTask, given: JoinOptions = {}): Member {
    const process = new Process();
    const member = this.cluster.join([task], {
      ...process.joining,
      wrapNode: (node, index) =>
        aroundNode(node, async (ask) => (this.silentNodes.has(index) ? SILENT : ask())),
      directory: this.directory,
      ...given,
      onEvent: (event) => {
        if (event.type === 'audit')
          this.told.push({ finding: event.finding, atMs: this.cluster.clock.wallMs() });
      },
    });
    this.processes.set(member.id, process);
    return member;
  }

  joinAll(task: ScheduledTask, count = 3, given: JoinOptions = {}): void {
    for (let index = 0; index < count; index += 1) this.join(task, given);
  }

  async advance(ms: number): Promise<void> {
    await this.cluster.clock.advance(ms);
  }

  /** The instance whose handler runs, once it does. */
  async untilOneRuns(): Promise<string> {
    while (this.running.size === 0) await this.advance(100);
    const [id = ''] = this.running.keys();
    return id;
  }

  async end(instanceId: string): Promise<void> {
    for (const resolve of this.running.get(instanceId) ?? []) resolve();
    this.running.delete(instanceId);
    await this.advance(50);
  }

  /** As with kill -9: the kernel closes its sockets. */
  kill(instanceId: string): void {
    this.pause(instanceId);
    for (const node of this.cluster.nodes) node.locks.disconnect(instanceId);
  }

  pause(instanceId: string): void {
    this.processes.get(instanceId)?.pause();
  }

  resume(instanceId: string): void {
    this.processes.get(instanceId)?.resume();
  }

  get lost(): readonly number[] {
    return this.told.filter(({ finding }) => finding.outcome === 'lost').map(({ finding }) => finding.tick);
  }
}
