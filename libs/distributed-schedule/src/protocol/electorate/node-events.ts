/** What is told of nodes: another server or memory answers there, or records of another version of the protocol. */

import { PROTOCOL_VERSION } from '../contract/constants.js';
import type { ScheduleEvent } from '../contract/observer.js';
import type { NodeReply } from '../contract/ports.js';
import type { IdStanding, KnownNode } from './known-node.js';

/** @param isAlone there is no other node that has to note it */
export function newMemoryAt({ label, identity }: KnownNode, isAlone: boolean): ScheduleEvent {
  const yet = isAlone ? 'and has no vote yet' : 'and the other nodes have to note it before it votes';
  const what = identity?.hasVote === true ? 'and votes' : yet;
  const detail = `another server, or another memory of it, answers, ${what}`;
  return { type: 'identity', node: label, condition: 'new', detail };
}

function wrongServerAt({ label }: KnownNode): ScheduleEvent {
  const detail =
    'other instances are connected to another server at its address than this one; it gives this instance no vote, and ' +
    'this instance connects anew';
  return { type: 'identity', node: label, condition: 'wrong_server', detail };
}

function sameForAllAt({ label }: KnownNode): ScheduleEvent {
  return { type: 'identity', node: label, condition: 'votes', detail: 'it is the same for everybody' };
}

/**
 * What was told, so that each beginning has its end. The instance that gives a vote tells it; others that told of a new
 * memory without one, or of a wrong server, tell here when the node votes.
 */
export class NodeNews {
  /** Told since the last look. */
  private readonly fresh = new Set<string>();
  private readonly withoutVote = new Set<string>();
  private readonly atWrongServer = new Set<string>();

  constructor(private readonly told: (event: ScheduleEvent) => void) {}

  /** What is told of nodes passes here. */
  tell(event: ScheduleEvent): void {
    if (event.type === 'identity') {
      if (event.condition === 'new') this.fresh.add(event.node);
      if (event.condition === 'wrong_server') this.atWrongServer.add(event.node);
      if (event.condition === 'votes' || event.condition === 'forced') {
        this.withoutVote.delete(event.node);
        this.atWrongServer.delete(event.node);
      }
    }
    this.told(event);
  }

  judged(node: KnownNode, standing: IdStanding): void {
    const isTold = this.atWrongServer.has(node.label);
    if (standing === 'wrong_server' && !isTold) this.tell(wrongServerAt(node));
    else if (standing === 'votes' && isTold) this.tell(sameForAllAt(node));
  }

  /** To be called when the nodes have answered a beat: what they say of their own votes is the truth then. */
  look(known: readonly KnownNode[]): void {
    for (const { label, identity } of known) {
      const hasVote = identity?.hasVote === true;
      if (this.fresh.delete(label) && !hasVote) this.withoutVote.add(label);
      if (!hasVote || !this.withoutVote.has(label)) continue;
      const detail = 'its new memory is on record, and it votes';
      this.tell({ type: 'identity', node: label, condition: 'votes', detail });
    }
  }
}

/** Nodes with records of another version, which refuse this one by name. */
export class OtherVersions {
  private readonly positions = new Set<string>();

  constructor(private readonly tell: (event: ScheduleEvent) => void) {}

  isAt({ position }: KnownNode): boolean {
    return this.positions.has(position);
  }

  /** Tells once of a node that refuses this version. */
  look({ position, label }: KnownNode, reply: NodeReply<unknown> | undefined): void {
    // Silence says nothing about what has been written there.
    if (reply?.answered === true) this.positions.delete(position);
    if (reply?.answered !== false || reply.otherVersion === undefined || this.positions.has(position)) return;
    this.positions.add(position);
    this.tell({
      type: 'identity',
      node: label,
      condition: 'other_version',
      detail: `it carries the records of version ${reply.otherVersion} of the protocol, and this instance speaks version ${PROTOCOL_VERSION}`,
    });
  }
}
