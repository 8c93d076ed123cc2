import { expect, it } from 'vitest';
import {
  ANY_MEMORY,
  type LockAddressee,
} from '../../../libs/distributed-schedule/src/protocol/lease/lock-verdict.js';
import { LockBatcher } from '../../../libs/distributed-schedule/src/redis/lock-batcher.js';
import { LockRound } from '../../../libs/distributed-schedule/src/redis/lock-round.js';
import {
  ACQUIRE_SCRIPT,
  EXTEND_SCRIPT,
  RELEASE_SCRIPT,
} from '../../../libs/distributed-schedule/src/redis/lock-scripts.js';
import { redisKeys } from '../../../libs/distributed-schedule/src/redis/redis-keys.js';
import type { RedisNode } from '../../../libs/distributed-schedule/src/redis/redis-node.js';
import type { RedisScript } from '../../../libs/distributed-schedule/src/redis/redis-scripts.js';
import type { ScriptReply } from '../../../libs/distributed-schedule/src/redis/script-channel.js';
import { ManualClock } from '../../../libs/distributed-schedule/src/testing/manual-clock.js';

const KEY = '{unit}:lock:a';
const TTL_MS = 3_000;
const WORDS: Readonly<Record<string, string>> = {
  acquire: 'acquired',
  extend: 'extended',
  release: 'released',
};
const SILENT: ScriptReply = { answered: false, reason: 'timeout' };

/** A node that notes what it is asked, by script and by the value of the first lock. */
class FakeNode {
  readonly asked: string[] = [];
  readonly meant: string[] = [];
  isSilent = false;
  isAnother = false;
  replied: () => void = () => {};

  onReply(listener: () => void): void {
    this.replied = listener;
  }

  callDeadlineNodeMs(): number {
    return 0;
  }

  async call(script: RedisScript, _keys: readonly string[], args: readonly string[]): Promise<ScriptReply> {
    this.asked.push(`${script.name} ${args[5]}`);
    this.meant.push(`${args[3]} ${args[4]}`);
    const word = this.isAnother && script !== RELEASE_SCRIPT ? 'renamed' : WORDS[script.name];
    return this.isSilent ? SILENT : { answered: true, value: [word], nodeTimeMs: 1 };
  }
}

function batcherOf(
  node: FakeNode,
  addressee: () => LockAddressee | undefined = () => ANY_MEMORY,
  onRenamed = (): void => {},
): (script: RedisScript, value: string) => Promise<unknown> {
  const rounds = new Map([['1', new LockRound(KEY, 1)]]);
  const batcher = new LockBatcher({
    node: node as unknown as RedisNode,
    rounds,
    keys: redisKeys('unit'),
    instanceId: 'one',
    clock: new ManualClock(),
    addressee,
    onRenamed,
  });
  return (script, value) => batcher.evalsha(script.sha1, 1, ['1', value, TTL_MS]).catch(() => 'silent');
}

it('a bid is never refused because of an own old lock: the release that was missed goes out ahead of it', async () => {
  const node = new FakeNode();
  const send = batcherOf(node);
  await send(ACQUIRE_SCRIPT, 'old');
  node.isSilent = true;
  expect(await send(RELEASE_SCRIPT, 'old')).toBe('silent');
  node.isSilent = false;
  await send(ACQUIRE_SCRIPT, 'new');
  node.replied();
  expect(node.asked).toEqual(['acquire old', 'release old', 'release old', 'acquire new']);
});

it('a renewal that was missed is never sent again', async () => {
  const node = new FakeNode();
  const send = batcherOf(node);
  await send(ACQUIRE_SCRIPT, 'old');
  node.isSilent = true;
  expect(await send(EXTEND_SCRIPT, 'old')).toBe('silent');
  node.isSilent = false;
  node.replied();
  await send(ACQUIRE_SCRIPT, 'new');
  expect(node.asked).toEqual(['acquire old', 'extend old', 'acquire new']);
});

it('asks a node for no lock while its server has no vote, and tells it of releases all the same', async () => {
  const node = new FakeNode();
  let meant: LockAddressee | undefined;
  const send = batcherOf(node, () => meant);
  expect(await send(ACQUIRE_SCRIPT, 'one')).toBe('silent');
  expect(await send(EXTEND_SCRIPT, 'one')).toBe('silent');
  await send(RELEASE_SCRIPT, 'one');
  expect(node.asked).toEqual(['release one']);
  meant = { position: 'n1', id: '1.aa' };
  expect(await send(ACQUIRE_SCRIPT, 'two')).toBe(1);
});

it('names the memory that it means, and tells when another one answers, whose lock does not count', async () => {
  const node = new FakeNode();
  let renamed = 0;
  const send = batcherOf(
    node,
    () => ({ position: 'n1', id: '1.aa' }),
    () => {
      renamed += 1;
    },
  );
  await send(ACQUIRE_SCRIPT, 'one');
  expect(node.meant).toEqual(['n1 1.aa']);
  node.isAnother = true;
  expect(await send(EXTEND_SCRIPT, 'one')).toBe(0);
  expect(await send(ACQUIRE_SCRIPT, 'two')).toBe(0);
  expect(renamed).toBe(2);
  // It may hold a lock from before.
  expect(await send(RELEASE_SCRIPT, 'one')).toBe(1);
  expect(node.meant.at(-1)).toBe(' ');
});
