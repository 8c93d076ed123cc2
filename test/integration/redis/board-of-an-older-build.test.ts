/** A board that a build from before there were shares has filled. */
import { beforeEach, expect, it } from 'vitest';
import { BOARD_START } from '#src/protocol/board/board-node.js';
import type { BoardRecord } from '#src/protocol/board/board-record.js';
import { answerOf, type Instance, newNamespace, startInstance } from '../../support/redis-instances.js';
import { sharedRedis } from '../../support/shared-servers.js';

const server = sharedRedis();
let namespace: string;
let instance: Instance;
beforeEach(async () => {
  namespace = newNamespace();
  instance = await startInstance({ inputs: [server.url], namespace });
});

const recordOf = (key: string, ms: number, expiresAtMs?: number): BoardRecord => ({
  key,
  value: '1',
  stamp: { ms, counter: 0, writer: 'aaaaaaaaaaaa' },
  expiresAtMs,
});

it('has room for a decision, and for a task, where it was full of runs', async () => {
  const client = server.client();
  const board = `{${namespace}}:board`;
  // As 8dfc6bd writes it: no sizes, no inTouch, no key of runs.
  const first = answerOf(await instance.boards[0]?.exchange([], BOARD_START));
  await client.hdel(board, 'sizes', 'inTouch');
  const month = Date.now() + 30 * 86_400_000;
  for (let from = 0; from < 10_000; from += 500) {
    const batch = Array.from({ length: 500 }, (_, index) => from + index);
    await client.hset(
      board,
      ...batch.flatMap((n) => [`r:in:app:run:order ${n}`, `${1_000 + n} 0 aaaaaaaaaaaa ${month} {}`]),
    );
    await client.zadd(`${board}:changes`, ...batch.flatMap((n) => [n + 1, `in:app:run:order ${n}`]));
    await client.zadd(`${board}:expiry`, ...batch.flatMap((n) => [month, `in:app:run:order ${n}`]));
  }
  await client.hset(board, 'sequence', '10000', 'epoch', first.cursor.memory.replace(/:new:/, ':'));
  const reply = answerOf(
    await instance.boards[0]?.exchange(
      [
        recordOf('in:app:pause:bill', 90_000),
        recordOf('in:app:task:new', 90_000),
        recordOf('in:app:run:new', 90_000, month),
      ],
      BOARD_START,
    ),
  );
  expect(reply.puts).toEqual(['stored', 'stored', 'stored']);
});
