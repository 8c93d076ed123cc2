/** One node of the board, and what a test puts on it. */

import type { BoardPart } from '#src/memory/memory-board.js';
import { type BoardExchange, type BoardNode } from '#src/protocol/board/board-node.js';
import { type BoardRecord } from '#src/protocol/board/board-record.js';
import type { NodeReply } from '#src/protocol/contract/ports.js';

export interface BoardNodeStage {
  readonly node: BoardNode;
  /** The node's time, epoch ms. */
  nowMs(): Promise<number>;
  /** Everything is forgotten; the server goes on. */
  forget(): Promise<void>;
  /** One of its keys is removed, as by an eviction. */
  evict(part: BoardPart): Promise<void>;
  /** Resolves when the node's clock has passed `epochMs`. */
  passes(epochMs: number): Promise<void>;
  close(): Promise<void>;
}

let lastKey = 0;
export function newKey(): string {
  lastKey += 1;
  return `key ${lastKey}`;
}

export const WRITER = 'aaaaaaaaaaaa';

export function recordOf(key: string, ms: number, given: Partial<BoardRecord> = {}): BoardRecord {
  return {
    key,
    value: `"${ms}"`,
    stamp: { ms, counter: 0, writer: WRITER },
    expiresAtMs: undefined,
    ...given,
  };
}

export function answerOf(reply: NodeReply<BoardExchange>): BoardExchange {
  if (!reply.answered) throw new Error(`no answer: ${reply.reason}`);
  return reply.value;
}
