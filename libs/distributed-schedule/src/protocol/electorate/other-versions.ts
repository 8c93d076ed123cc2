/** Nodes that carry the records of another version of the protocol, which refuse this one by name. */

import { PROTOCOL_VERSION } from '../contract/constants.js';
import type { ScheduleEvent } from '../contract/observer.js';
import type { NodeReply } from '../contract/ports.js';
import type { KnownNode } from './known-node.js';

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
