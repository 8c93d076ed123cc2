/**
 * Says of each node that answered from a new memory without a vote when it votes again. The instance that gives the vote tells it by
 * itself; the others were told that it has none yet, and would hear no more of it.
 */

import type { ScheduleEvent } from '../contract/observer.js';
import type { KnownNode } from './known-node.js';

export class NewMemories {
  /** Told since the last look. */
  private readonly fresh = new Set<string>();
  private readonly withoutVote = new Set<string>();

  constructor(private readonly told: (event: ScheduleEvent) => void) {}

  /** What is told of nodes passes here. */
  tell(event: ScheduleEvent): void {
    if (event.type === 'identity') {
      if (event.condition === 'new') this.fresh.add(event.node);
      if (event.condition === 'votes' || event.condition === 'forced') this.withoutVote.delete(event.node);
    }
    this.told(event);
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
