import type { Logger } from '@nestjs/common';
import type { ScheduleEvent } from '../../protocol/contract/observer.js';

type NodeEvent = Extract<ScheduleEvent, { readonly type: 'identity' | 'node_set' | 'stamped' }>;
type EventOf<Type extends NodeEvent['type']> = Extract<NodeEvent, { readonly type: Type }>;

const STAMPS = {
  first: 'for the first time',
  forced:
    'although not all nodes could be asked: instances that use other nodes under this namespace may run ticks too',
  empty: 'after it has forgotten',
  newer: 'in place of an older generation',
  taken_over: 'in place of a set that nobody uses',
} as const;

/** What the log says of the servers behind the nodes and of their set: at the start little, later everything. */
export class NodeLog {
  private hasBid = false;
  private readonly said = new Map<string, EventOf<'identity'>['condition']>();

  constructor(private readonly logger: Pick<Logger, 'log' | 'warn' | 'error' | 'debug'>) {}

  log(event: NodeEvent): void {
    switch (event.type) {
      case 'identity':
        this.logIdentity(event);
        return;
      case 'node_set':
        this.logSet(event);
        return;
      case 'stamped': {
        const line = `The node set is put on record at ${event.node} ${STAMPS[event.reason]}.`;
        if (event.reason === 'forced') this.logger.warn(line);
        else this.logger.log(line);
        return;
      }
      default:
        event satisfies never;
    }
  }

  private logIdentity({ node, condition, detail }: EventOf<'identity'>): void {
    const line = `${node}: ${detail}.`;
    const before = this.said.get(node);
    this.said.set(node, condition);
    // The instance that gave the vote would otherwise log it twice.
    if (condition === 'votes' && (before === 'votes' || before === 'forced')) return;
    switch (condition) {
      case 'new':
      case 'votes':
        this.logger.log(line);
        return;
      case 'forced':
        this.logger.warn(
          `${line} Until all nodes have been heard, a server that was behind its address before may vote beside it.`,
        );
        return;
      case 'wrong_server':
        this.logger.error(`DSCHED_WRONG_SERVER: ${line}`);
        return;
      case 'other_version':
        this.logger.error(
          `DSCHED_PROTOCOL_VERSION: ${line} It gives no vote. Run one version of the library at a time, or give each a namespace.`,
        );
        return;
      default:
        condition satisfies never;
    }
  }

  private logSet({ condition, detail }: EventOf<'node_set'>): void {
    switch (condition) {
      case 'bids':
        if (this.hasBid) this.logger.log('The node set stands again: tasks run here again.');
        this.hasBid = true;
        return;
      case 'waits':
        this.logger.log(`No task runs here yet: ${detail}.`);
        return;
      case 'yields':
        this.logger.error(
          `DSCHED_NODE_SET_CONFLICT: other instances of this namespace use other nodes: ${detail}, and this instance does not ` +
            'bid until they are gone. Give all instances the same `redis` and lease.ttlMs.',
        );
        return;
      case 'conflict':
        this.logger.error(`DSCHED_NODE_SET_CONFLICT: this instance does not bid: ${detail}.`);
        return;
      case 'outdated':
        // With its next bid the scheduler says so too, with the code.
        this.logger.warn(`This instance does not bid any more: ${detail}.`);
        return;
      default:
        condition satisfies never;
    }
  }
}
