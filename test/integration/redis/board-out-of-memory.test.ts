/** A server that is out of memory for a while, with the policy that the docs ask for, keeps what it has. */
import { beforeEach, expect, it } from 'vitest';
import { BOARD_START } from '#src/protocol/board/board-node.js';
import type { BoardRecord } from '#src/protocol/board/board-record.js';
import { answerOf, type Instance, newNamespace, startInstance } from '../../support/redis-instances.js';
import { sharedRedis } from '../../support/shared-servers.js';

const server = sharedRedis();
let instance: Instance;
beforeEach(async () => {
  instance = await startInstance({ inputs: [server.url], namespace: newNamespace() });
});

const recordOf = (key: string, expiresAtMs?: number): BoardRecord => ({
  key,
  value: '1',
  stamp: { ms: 1_000, counter: 0, writer: 'aaaaaaaaaaaa' },
  expiresAtMs,
});

it('keeps its records over an exchange that removes one which has expired', async () => {
  const board = instance.boards[0];
  const { cursor } = answerOf(
    await board?.exchange([recordOf('pause:bill'), recordOf('alive:a', Date.now() + 300)], BOARD_START),
  );
  const client = server.client();
  await client.config('SET', 'maxmemory-policy', 'noeviction');
  await client.config('SET', 'maxmemory', '100000');
  await new Promise((resolve) => setTimeout(resolve, 400));
  for (let times = 0; times < 2; times += 1) await board?.exchange([], cursor);
  await client.config('SET', 'maxmemory', '0');
  const after = answerOf(await board?.exchange([], BOARD_START));
  expect(after.changes.map(({ key }) => key)).toEqual(['pause:bill']);
});
