/** The board's side of a node: it keeps records and numbers their changes. */

import type { NodeReply } from '../contract/ports.js';
import type { BoardRecord } from './board-record.js';

/** Up to where an instance has read a node's changes. */
export interface BoardCursor {
  /** Names the node's memory: another one after a flush, a restart, a fail-over or an eviction. */
  readonly memory: string;
  /** The node's number of the last change that was read. */
  readonly sequence: number;
}

/** Before the first exchange. */
export const BOARD_START: BoardCursor = Object.freeze({ memory: '', sequence: 0 });

/** What an instance says beside its puts: a node cannot know by itself that it was away for longer than deletions last. */
export interface BoardWord {
  /** Cluster time, epoch ms; 0: not known. A memory that has begun empty is in touch as of then. */
  readonly nowMs: number;
  /** When this node was in touch with an instance that had heard a majority within half a day; 0: nothing to say. */
  readonly inTouchMs: number;
  /** The node was away: it throws its records away if it was last in touch at this time. 0: it was not away. */
  readonly awaySinceMs: number;
}

export const NO_WORD: BoardWord = Object.freeze({ nowMs: 0, inTouchMs: 0, awaySinceMs: 0 });

/**
 * What became of one put.
 *
 * - `stored`    the node keeps this record, now or already
 * - `older`     the node keeps a newer one of this key, or the record has expired by the node's clock
 * - `full`      the node keeps as many records as it may
 * - `outlived`  there is room for newer records of runs only
 */
export type PutAnswer = 'stored' | 'older' | 'full' | 'outlived';

export interface BoardExchange {
  /** To be sent with the next exchange. Of another memory than the one sent: everything is read anew, from the start. */
  readonly cursor: BoardCursor;
  /** There is more to read than was sent. */
  readonly hasMore: boolean;
  /** The cluster time at which the node was in touch for the last time, as it was told; 0: nobody has told. */
  readonly inTouchMs: number;
  /** One per put, in order. */
  readonly puts: readonly PutAnswer[];
  /** The newest record of each key that changed after the cursor, but for those that this exchange has stored. */
  readonly changes: readonly BoardRecord[];
}

/**
 * Puts and reads in one message. Idempotent: a message sent twice, late or out of order changes only the numbering.
 * A record is no vote, so the node does not abstain: what it lost, any instance puts again; what comes back has an old stamp.
 */
export interface BoardNode {
  /** Shown in logs: no host name, no secret. */
  readonly label: string;
  /** Never rejects, and ends within the node timeout. */
  exchange(
    puts: readonly BoardRecord[],
    cursor: BoardCursor,
    word?: BoardWord,
  ): Promise<NodeReply<BoardExchange>>;
}
