import { expect, it } from 'vitest';
import type { LedgerIds } from '#src/protocol/contract/ledger-id.js';
import { LockBatcher } from '#src/redis/locks/lock-batcher.js';
import { LockGroup } from '#src/redis/locks/lock-group.js';
import { LockRound } from '#src/redis/locks/lock-round.js';
import type { RedisNode } from '#src/redis/node/redis-node.js';
import type { ScriptReply } from '#src/redis/node/script-channel.js';
import { ACQUIRE_SCRIPT, EXTEND_SCRIPT } from '#src/redis/scripts/lock-scripts.js';
import { redisKeys } from '#src/redis/scripts/redis-keys.js';
import type { RedisScript } from '#src/redis/scripts/redis-scripts.js';
import { RELEASE_SCRIPT } from '#src/redis/scripts/release-script.js';
import { ManualClock } from '#src/testing/manual-clock.js';

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
  refused: readonly string[] = [];
  replied: () => void = () => {};

  onReply(listener: () => void): void {
    this.replied = listener;
  }

  callDeadlineNodeMs(): number {
    return 0;
  }

  async call(script: RedisScript, _keys: readonly string[], args: readonly string[]): Promise<ScriptReply> {
    const ids = args.slice(5, 5 + 2 * Number(args[4]));
    this.asked.push(`${script.name} ${args[5 + ids.length]}`);
    this.meant.push([args[3], ...ids].join(' '));
    const word = this.isAnother && script !== RELEASE_SCRIPT ? 'renamed' : WORDS[script.name];
    return this.isSilent ? SILENT : { answered: true, value: [this.refused, word], nodeTimeMs: 1 };
  }
}

function batcherOf(
  node: FakeNode,
  idsNow: () => LedgerIds | undefined = () => undefined,
  onRenamed: (ids: LedgerIds) => void = () => {},
): (script: RedisScript, value: string) => Promise<unknown> {
  const groups = new Map<string, LockGroup>();
  const batcher = new LockBatcher({
    node: node as unknown as RedisNode,
    index: 0,
    groups,
    keys: redisKeys('unit'),
    instanceId: 'one',
    clock: new ManualClock(),
    position: 'n1',
    onRenamed,
  });
  return (script, value) => {
    const name = String(groups.size);
    const round = new LockRound({ key: KEY, nodes: 1, ttlMs: TTL_MS, value });
    groups.set(name, new LockGroup([round], idsNow()));
    return batcher.evalsha(script.sha1, 1, [name, 'engine', TTL_MS]).catch(() => 'against');
  };
}

it('a bid is never refused because of an own old lock: the release that was missed goes out ahead of it', async () => {
  const node = new FakeNode();
  const send = batcherOf(node);
  await send(ACQUIRE_SCRIPT, 'old');
  node.isSilent = true;
  expect(await send(RELEASE_SCRIPT, 'old')).toBe('against');
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
  expect(await send(EXTEND_SCRIPT, 'old')).toBe('against');
  node.isSilent = false;
  node.replied();
  await send(ACQUIRE_SCRIPT, 'new');
  expect(node.asked).toEqual(['acquire old', 'extend old', 'acquire new']);
});

it('asks a node for no lock while its server has no vote, and tells it of releases all the same', async () => {
  const node = new FakeNode();
  let ids: LedgerIds = { n2: '1.bb' };
  const send = batcherOf(node, () => ids);
  expect(await send(ACQUIRE_SCRIPT, 'one')).toBe('against');
  expect(await send(EXTEND_SCRIPT, 'one')).toBe('against');
  await send(RELEASE_SCRIPT, 'one');
  expect(node.asked).toEqual(['release one']);
  ids = { n1: '1.aa' };
  expect(await send(ACQUIRE_SCRIPT, 'two')).toBe(1);
});

it('names the memories that it means, and tells when another one answers, whose lock does not count', async () => {
  const node = new FakeNode();
  const renamed: LedgerIds[] = [];
  const send = batcherOf(
    node,
    () => ({ n2: '4.bb', n1: '1.aa' }),
    (ids) => renamed.push(ids),
  );
  await send(ACQUIRE_SCRIPT, 'one');
  expect(node.meant).toEqual(['n1 n1 1.aa n2 4.bb']);
  node.isAnother = true;
  node.refused = ['n2', '5.cc'];
  expect(await send(EXTEND_SCRIPT, 'one')).toBe('against');
  expect(await send(ACQUIRE_SCRIPT, 'two')).toBe('against');
  expect(renamed).toEqual([{ n2: '5.cc' }, { n2: '5.cc' }]);
  // It may hold a lock from before.
  expect(await send(RELEASE_SCRIPT, 'one')).toBe(1);
  expect(node.meant.at(-1)).toBe('');
});

it('sends what means other memories apart, although it is of the same turn', async () => {
  const node = new FakeNode();
  const before = { n1: '1.aa', n2: '4.bb' };
  const after = { n1: '1.aa', n2: '5.cc' };
  const named = [before, before, after];
  const send = batcherOf(node, () => named.shift());
  await Promise.all(['one', 'two', 'three'].map((value) => send(ACQUIRE_SCRIPT, value)));
  expect(node.asked).toEqual(['acquire one', 'acquire three']);
  expect(node.meant).toEqual(['n1 n1 1.aa n2 4.bb', 'n1 n1 1.aa n2 5.cc']);
});
