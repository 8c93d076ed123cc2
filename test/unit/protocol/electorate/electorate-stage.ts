/** Instances of the real scheduler over nodes in memory, some of which mean other servers than the others. */

import { MemoryNode } from '#src/memory/memory-node.js';
import type { ScheduleEvent } from '#src/protocol/contract/observer.js';
import type { VotingNode } from '#src/protocol/contract/ports.js';
import {
  type JoinOptions,
  type Member,
  MemoryCluster,
  type MemoryClusterOptions,
} from '#src/testing/memory-cluster.js';
import { between, whichever } from '../../../support/between.js';
import { doubled, taskOf } from '../../../support/tasks.js';
import { aroundNode, type NodeCall } from '../../../support/wrapped-node.js';

/** How an instance reaches a node: its connection may be cut, or lead to another server. */
export class Line {
  isCut = false;
  reconnects = 0;
  /** Where a new connection leads to. */
  next: MemoryNode | undefined;
  readonly calls: NodeCall[] = [];
  /** Told before a call leaves. */
  onCall: (call: NodeCall) => void = () => {};

  constructor(private target: VotingNode) {}

  leadTo(server: MemoryNode): void {
    const { label, position } = this.target;
    this.target = server.connect({ label, position });
  }

  connection(): VotingNode {
    const target = whichever(() => this.target);
    const over = between(target, {
      instead: {
        callDeadlineMs: () => 0,
        reconnect: () => {
          this.reconnects += 1;
          if (this.next !== undefined) this.leadTo(this.next);
        },
      },
    });
    return aroundNode(over, (ask, call) => {
      this.calls.push(call);
      this.onCall(call);
      return this.isCut ? Promise.resolve({ answered: false, reason: 'cut' }) : ask();
    });
  }
}

export interface StagedInstance extends Member {
  /** Ticks that it has started. */
  readonly ticks: number[];
  readonly lines: readonly Line[];
  cut(isCut: boolean): void;
  condition(): string | undefined;
  detail(): string;
}

export interface StagedJoin extends JoinOptions {
  /** Servers that it means instead of those of the cluster, by index of the node. */
  readonly servers?: Readonly<Record<number, MemoryNode>>;
  readonly aroundStamp?: <T>(send: () => Promise<T>) => Promise<T>;
}

export class ElectorateStage {
  readonly cluster: MemoryCluster;
  readonly instances: StagedInstance[] = [];

  constructor(options: MemoryClusterOptions = {}) {
    this.cluster = new MemoryCluster(options);
  }

  /** A server that is behind no address yet. */
  server(): MemoryNode {
    return new MemoryNode(this.cluster.clock);
  }

  join(given: StagedJoin = {}): StagedInstance {
    const { servers = {}, aroundStamp, ...joining } = given;
    const ticks: number[] = [];
    const lines: Line[] = [];
    const member = this.cluster.join([taskOf(({ tick }) => ticks.push(tick))], {
      ...joining,
      wrapNode: (node, index) => {
        const line = new Line(node);
        const server = servers[index];
        if (server !== undefined) line.leadTo(server);
        lines.push(line);
        const connection = line.connection();
        if (aroundStamp === undefined) return connection;
        return between(connection, { instead: { stamp: (ask) => aroundStamp(ask) } });
      },
    });
    const instance: StagedInstance = {
      ...member,
      ticks,
      lines,
      cut: (isCut) => {
        for (const line of lines) line.isCut = isCut;
      },
      condition: () => member.scheduler.status().nodeSet?.condition,
      detail: () => member.scheduler.status().nodeSet?.detail ?? '',
    };
    this.instances.push(instance);
    return instance;
  }

  /** Ticks that more than one instance has started. */
  doubled(): readonly number[] {
    return doubled(this.instances.flatMap(({ ticks }) => ticks));
  }

  async advance(durationMs: number): Promise<void> {
    await this.cluster.clock.advance(durationMs);
  }
}

export function eventsOf<Type extends ScheduleEvent['type']>(
  { events }: Pick<Member, 'events'>,
  type: Type,
): readonly Extract<ScheduleEvent, { type: Type }>[] {
  return events.filter((event): event is Extract<ScheduleEvent, { type: Type }> => event.type === type);
}
