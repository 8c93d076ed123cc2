import {
  type BoardCursor,
  type BoardExchange,
  type BoardNode,
  type BoardWord,
  NO_WORD,
  type PutAnswer,
} from '../../protocol/board/board-node.js';
import type { BoardRecord } from '../../protocol/board/board-record.js';
import { capacityFor } from '../../protocol/board/board-shares.js';
import type { NodeReply } from '../../protocol/contract/ports.js';
import { EXCHANGE_SCRIPT } from '../scripts/board-script.js';
import type { RedisKeys } from '../scripts/redis-keys.js';
import type { RedisNode } from './redis-node.js';
import { understood } from './script-channel.js';

const CHANGE_WORDS = 6;

export class RedisBoardNode implements BoardNode {
  readonly label: string;
  private readonly keys: readonly string[];

  constructor(
    private readonly node: RedisNode,
    { board, boardChanges, boardExpiry, boardRuns }: RedisKeys,
  ) {
    this.label = node.label;
    this.keys = [board, boardChanges, boardExpiry, boardRuns];
  }

  async exchange(
    puts: readonly BoardRecord[],
    cursor: BoardCursor,
    { nowMs, inTouchMs, awaySinceMs }: BoardWord = NO_WORD,
  ): Promise<NodeReply<BoardExchange>> {
    const opening = [cursor.memory, ...[cursor.sequence, nowMs, inTouchMs, awaySinceMs].map(String)];
    const args = puts.flatMap(({ key, stamp: { ms, counter, writer }, expiresAtMs = 0, value }) => [
      ...[key, String(ms), String(counter), writer, String(expiresAtMs), value, String(capacityFor(key))],
    ]);
    const reply = await this.node.call(EXCHANGE_SCRIPT, this.keys, [...opening, ...args]);
    return understood(reply, (words) => parseExchange(words, puts.length));
  }
}

function parseExchange(words: readonly unknown[], putCount: number): BoardExchange | undefined {
  const [memory, sequence, hasMore, inTouch, count, ...rest] = words;
  const puts = rest.slice(0, putCount).filter(isPutAnswer);
  const changeWords = rest.slice(putCount);
  const cursor = { memory: String(memory), sequence: Number(sequence) };
  const inTouchMs = Number(inTouch);
  if (
    !Number.isSafeInteger(cursor.sequence) ||
    !Number.isSafeInteger(inTouchMs) ||
    count !== putCount ||
    puts.length !== putCount ||
    changeWords.length % CHANGE_WORDS !== 0
  ) {
    return undefined;
  }
  const changes: BoardRecord[] = [];
  for (let first = 0; first < changeWords.length; first += CHANGE_WORDS) {
    changes.push(parseChange(changeWords.slice(first, first + CHANGE_WORDS).map(String)));
  }
  return { cursor, hasMore: hasMore === 1, inTouchMs, puts, changes };
}

function parseChange(words: readonly string[]): BoardRecord {
  const [key = '', ms, counter, writer = '', expiresAtMs, value = ''] = words;
  return {
    key,
    value,
    stamp: { ms: Number(ms), counter: Number(counter), writer },
    expiresAtMs: expiresAtMs === '0' ? undefined : Number(expiresAtMs),
  };
}

const PUT_ANSWERS: ReadonlySet<unknown> = new Set<PutAnswer>(['stored', 'older', 'full', 'outlived']);

function isPutAnswer(word: unknown): word is PutAnswer {
  return PUT_ANSWERS.has(word);
}
