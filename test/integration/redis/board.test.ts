import { beforeEach, describe, expect, it } from 'vitest';
import { BOARD_START, type BoardCursor, type BoardExchange } from '#src/protocol/board/board-node.js';
import type { BoardRecord } from '#src/protocol/board/board-record.js';
import {
  answerOf,
  type Instance,
  newNamespace,
  startInstance,
  until,
} from '../../support/redis-instances.js';
import { sharedRedis } from '../../support/shared-servers.js';

const server = sharedRedis();
let namespace: string;
let instance: Instance;

beforeEach(async () => {
  namespace = newNamespace();
  instance = await startInstance({ inputs: [server.url], namespace });
});

function recordOf(key: string, ms = 1_000): BoardRecord {
  return { key, value: '1', stamp: { ms, counter: 0, writer: 'aaaaaaaaaaaa' }, expiresAtMs: undefined };
}

async function exchange(
  puts: readonly BoardRecord[],
  cursor: BoardCursor = BOARD_START,
): Promise<BoardExchange> {
  return answerOf(await instance.boards[0]?.exchange(puts, cursor));
}

const keysOf = ({ changes }: BoardExchange): string[] => changes.map(({ key }) => key);

describe('the board of a server', () => {
  it('is read from the start after a restart from an old file, whose numbers have fallen back', async () => {
    await exchange([recordOf('old')]);
    await server.save();
    await exchange([recordOf('lost')]);
    const { cursor } = await exchange([]);
    await server.kill('SIGKILL');
    await server.start();
    await until(
      async () => (await instance.boards[0]?.exchange([], cursor))?.answered === true,
      'it is back',
    );
    await exchange([recordOf('new')]);
    const reply = await exchange([], cursor);
    expect(reply.cursor.memory).not.toBe(cursor.memory);
    expect(keysOf(reply)).toEqual(['old', 'new']);
  });

  it('goes on with the records of a build that did not know the sizes of its keys, and counts from then on', async () => {
    await exchange([recordOf('one'), { ...recordOf('two'), expiresAtMs: Date.now() + 60_000 }]);
    const { cursor } = await exchange([]);
    await server.client().hdel(`{${namespace}}:board`, 'sizes', 'inTouch');
    expect(keysOf(await exchange([]))).toEqual(['one', 'two']);
    await server.client().del(`{${namespace}}:board:expiry`);
    expect((await exchange([recordOf('three')], cursor)).cursor.memory).not.toBe(cursor.memory);
    expect(keysOf(await exchange([]))).toEqual(['three']);
  });

  it('answers while the node abstains from votes', async () => {
    await server.client().flushall();
    expect((await exchange([recordOf('one')])).puts).toEqual(['stored']);
  });

  it('uses nothing but the four keys of its namespace', async () => {
    await exchange([{ ...recordOf('one'), expiresAtMs: Date.now() + 60_000 }, recordOf('run:one')]);
    const keys = await server.client().keys(`{${namespace}}:board*`);
    expect(keys.sort()).toEqual([
      `{${namespace}}:board`,
      `{${namespace}}:board:changes`,
      `{${namespace}}:board:expiry`,
      `{${namespace}}:board:runs`,
    ]);
  });
});
