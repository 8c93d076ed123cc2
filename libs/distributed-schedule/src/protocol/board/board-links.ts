/** One instance's exchange with all nodes. */

import { quorumOf } from '../contract/quorum.js';
import type { BoardLink } from './board-link.js';
import type { BoardRecord } from './board-record.js';

export class BoardLinks {
  constructor(readonly all: readonly BoardLink[]) {}

  start(stopped: AbortSignal): void {
    for (const link of this.all) link.start(stopped);
  }

  /** Resolves when every exchange has ended; abort their signal first. */
  async end(): Promise<void> {
    await Promise.all(this.all.map((link) => link.end()));
  }

  /** What the nodes keep has been read, from a majority at least and from all that answer. */
  get areCurrent(): boolean {
    const current = this.all.filter((link) => link.isCurrent && link.isAnswering).length;
    return (
      current >= quorumOf(this.all.length) && this.all.every((link) => link.isCurrent || !link.isAnswering)
    );
  }

  note(record: BoardRecord, isOwn: boolean): void {
    for (const link of this.all) link.note(record, isOwn);
  }

  forget(keys: readonly string[]): void {
    for (const link of this.all) link.forget(keys);
  }

  restart(): void {
    for (const link of this.all) link.restart();
  }

  flush(): void {
    for (const link of this.all) link.flush();
  }

  join(): void {
    for (const link of this.all) link.join();
  }
}
