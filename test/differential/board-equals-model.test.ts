import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import type { BoardPart } from '#src/memory/memory-board.js';
import { MemoryNode } from '#src/memory/memory-node.js';
import { lossBetween } from '#src/protocol/board/board-memory.js';
import {
  BOARD_START,
  type BoardCursor,
  type BoardExchange,
  type BoardNode,
  type BoardWord,
} from '#src/protocol/board/board-node.js';
import type { BoardRecord } from '#src/protocol/board/board-record.js';
import type { RedisConnection } from '#src/redis/redis-connection.js';
import { SystemClock } from '#src/system/system-clock.js';
import { startInstance } from '../support/redis-instances.js';
import { SEED } from '../support/seed.js';
import { sharedRedis } from '../support/shared-servers.js';

const server = sharedRedis();
let connection: RedisConnection;

beforeAll(async () => {
  connection = await startInstance({ inputs: [server.url], namespace: 'conformance' });
});

const FAR_MS = 4_000_000_000_000;

const record: fc.Arbitrary<BoardRecord> = fc.record({
  key: fc.constantFrom('a', 'b', 'c', 'd:e', 'ä', 'in:x:run:a', 'in:x:run:b', 'told:missed:a'),
  value: fc.oneof(fc.constant(''), fc.json({ maxDepth: 2 })),
  stamp: fc.record({
    ms: fc.integer({ min: 1, max: 4 }),
    counter: fc.nat({ max: 11 }),
    writer: fc.constantFrom('000000000001', '00000000000a', 'ffffffffffff'),
  }),
  // What expires does so by a clock that the two do not share: here it has, or will not for long.
  expiresAtMs: fc.constantFrom(undefined, undefined, 1, FAR_MS),
});

const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('exchange' as const),
      puts: fc.array(record, { maxLength: 4 }),
      /** How many answers ago the cursor was given; beyond the first there is none. */
      age: fc.nat({ max: 4 }),
      nowMs: fc.nat({ max: 3 }),
      inTouchMs: fc.nat({ max: 3 }),
      awaySinceMs: fc.nat({ max: 3 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('evict' as const),
      part: fc.constantFrom('records' as const, 'changes' as const, 'expiry' as const, 'runs' as const),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'forget' as const }) },
);

/** One side's answers, with the cursors that it gave. */
class Side {
  private readonly cursors: BoardCursor[] = [];

  constructor(
    private readonly node: BoardNode,
    readonly forget: () => Promise<void>,
    readonly evict: (part: BoardPart) => Promise<void>,
  ) {}

  async exchange(puts: readonly BoardRecord[], age: number, word: BoardWord): Promise<unknown> {
    const cursor = this.cursors.at(-1 - age) ?? BOARD_START;
    const reply = await this.node.exchange(puts, cursor, word);
    if (!reply.answered) throw new Error(`no answer: ${reply.reason}`);
    const before = this.cursors.at(-1)?.memory ?? '';
    const after = reply.value.cursor.memory;
    this.cursors.push(reply.value.cursor);
    return { ...withoutEpoch(reply.value), isNewEpoch: before !== after, loss: lossBetween(before, after) };
  }
}

function withoutEpoch({ cursor, ...rest }: BoardExchange): object {
  return { ...rest, sequence: cursor.sequence };
}

it('the script of the board answers as its model does, whatever is put, read late and forgotten', async () => {
  const [board] = connection.boards;
  if (board === undefined) throw new Error('no node');
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      await server.client().flushall();
      const memory = new MemoryNode(new SystemClock());
      const model = new Side(
        memory.connectBoard({ label: 'model' }),
        async () => memory.loseMemory('flush'),
        async (part) => memory.evictBoard(part),
      );
      const real = new Side(
        board,
        async () => {
          await server.client().flushall();
        },
        async (part) => {
          await server.client().del(`{conformance}:board${part === 'records' ? '' : `:${part}`}`);
        },
      );
      for (const one of steps) {
        if (one.kind === 'forget') await Promise.all([model.forget(), real.forget()]);
        else if (one.kind === 'evict') await Promise.all([model.evict(one.part), real.evict(one.part)]);
        else {
          const { puts, age, ...word } = one;
          expect(await real.exchange(puts, age, word)).toEqual(await model.exchange(puts, age, word));
        }
      }
    }),
    { numRuns: 150, seed: SEED },
  );
});
