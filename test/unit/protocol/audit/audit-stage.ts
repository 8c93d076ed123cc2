/** Instances that are audited, and what keeps them from their ticks. */

import type { InstanceDirectory } from '#src/protocol/audit/audit-source.js';
import type { AuditFinding } from '#src/protocol/contract/audit-finding.js';
import type { NodeReply, VotingNode } from '#src/protocol/contract/ports.js';
import type { ScheduledTask } from '#src/protocol/contract/tick-context.js';
import type { ProtocolOptions } from '#src/protocol/options/protocol-options.js';
import { TimeoutLedger } from '#src/protocol/timeouts/timeout-ledger.js';
import { type JoinOptions, type Member, MemoryCluster } from '#src/testing/memory-cluster.js';
import { between } from '../../../support/between.js';
import { taskOf } from '../../../support/tasks.js';
import { aroundNode, severable } from '../../../support/wrapped-node.js';

/** By then new nodes vote, every tick is watched, and it is between two ticks. */
export const SETTLED_MS = 8_700;
export const PERIOD_MS = 1_000;
export const LIMIT_MS = 400;
/** As long as the default time for an answer lets it last. */
const SILENT_FOR_MS = 120;
export const SILENT: NodeReply<never> = { answered: false, reason: 'cut' };

export const idle = taskOf(() => undefined);

/** The findings of all members, with the moment at which each was told. */
export class Stage {
  readonly cluster: MemoryCluster;
  /** How late the silent node lets each answer come. Changed by the test. */
  silentForMs = SILENT_FOR_MS;
  readonly told: { readonly finding: AuditFinding; readonly atMs: number }[] = [];

  constructor(options: Partial<ProtocolOptions> = {}) {
    this.cluster = new MemoryCluster({ options });
  }

  join(tasks: readonly ScheduledTask[], given: JoinOptions = {}): Member {
    return this.cluster.join(tasks, {
      ...given,
      onEvent: (event) => {
        if (event.type === 'audit')
          this.told.push({ finding: event.finding, atMs: this.cluster.clock.wallMs() });
      },
    });
  }

  task(handlerMs: number, given: Partial<ScheduledTask> = {}): ScheduledTask {
    return taskOf(() => this.sleep(handlerMs), given);
  }

  sleep(ms: number): Promise<void> {
    const { clock } = this.cluster;
    return clock.sleepUntil(clock.monotonicMs() + ms);
  }

  advance(ms: number): Promise<void> {
    return this.cluster.clock.advance(ms);
  }

  /** Lets the cluster come into its stride and ends between two ticks. */
  async settle(): Promise<void> {
    await this.advance(SETTLED_MS);
    this.told.length = 0;
  }

  /** One node of three answers nothing but beats: every step of a bid lasts as long as an answer is waited for. */
  withSilentNode(): JoinOptions {
    const late = async <T>(answer: () => Promise<T>): Promise<T> => {
      await this.sleep(this.silentForMs);
      return answer();
    };
    return {
      wrapNode: (node, index) =>
        index > 0
          ? node
          : aroundNode(node, (ask, call) =>
              call === 'beat' || call === 'leave' ? ask() : late(async () => SILENT),
            ),
      wrapLocks: (locks) => between(locks, { instead: { tryAcquire: late, extend: late, release: late } }),
    };
  }
}

/** An instance that can be cut off from its nodes, or kept from asking for anything but ticks. */
export function cuttable(): { readonly link: { isCut: boolean }; readonly joining: JoinOptions } {
  const link = { isCut: false };
  const wrapNode = (node: VotingNode): VotingNode =>
    aroundNode(node, async (ask) => (link.isCut ? SILENT : ask()));
  const joining: JoinOptions = {
    wrapNode,
    wrapLocks: (locks) => severable(locks, () => link.isCut),
  };
  return { link, joining };
}

/** A process that can be stopped: nothing in it goes on, and answers wait for it. */
export function pausable(): { pause(): void; resume(): void; readonly joining: JoinOptions } {
  let awake = Promise.resolve();
  let resume = (): void => undefined;
  const held = async <T>(work: Promise<T>): Promise<T> => {
    const value = await work;
    await awake;
    return value;
  };
  return {
    pause: () => {
      awake = new Promise((resolve) => {
        resume = resolve;
      });
    },
    resume: () => resume(),
    joining: {
      wrapClock: (clock) =>
        between(clock, {
          instead: { sleepUntil: (ask) => held(ask()), wakeExactlyAt: (ask) => held(ask()) },
        }),
      wrapNode: (node) => aroundNode(node, (ask) => held(ask())),
    },
  };
}

/** A ledger that refuses every claim as if votes were split, while it is told to. */
export function refusing(state = { refuses: false }): {
  readonly state: { refuses: boolean };
  readonly joining: JoinOptions;
} {
  const joining: JoinOptions = {
    wrapLedger: (ledger) =>
      between(ledger, {
        instead: {
          claim: async (ask, claims) =>
            state.refuses ? claims.map(() => ({ kind: 'split', votesOut: 0 })) : ask(),
        },
      }),
  };
  return { state, joining };
}

/** A ledger for which the task runs once. */
export function onceFor(task: string): JoinOptions {
  return {
    wrapLedger: (ledger) => {
      const once = new TimeoutLedger(ledger);
      once.limit(task, 'v1');
      return once;
    },
  };
}

/** What the board would say about others. Changed by the test. */
export class Directory implements InstanceDirectory {
  readonly since = new Map<string, number>();
  readonly told = new Set<string>();

  sinceMsOf(instanceId: string): number | undefined {
    return this.since.get(instanceId);
  }

  hasTold({ task, tick }: AuditFinding): boolean {
    return this.told.has(`${task} ${tick}`);
  }

  noteTold({ task, tick }: AuditFinding): void {
    this.told.add(`${task} ${tick}`);
  }
}
