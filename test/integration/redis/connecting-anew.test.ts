/** Who is alive does not seem gone while it connects anew, and a set whose connections were cut is not gone before its beats are missed. */

import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { setOf, signOf } from '../../support/electorate.js';
import { SplitPort } from '../../support/faults/split-port.js';
import {
  answerOf,
  beatOf,
  endQuarantine,
  type Instance,
  newNamespace,
  nodeOf,
  nodeTimeMs,
  startInstance,
  until,
} from '../../support/redis-instances.js';
import { ownRedis, sharedRedis } from '../../support/shared-servers.js';

const server = sharedRedis();
let namespace: string;

beforeEach(() => {
  namespace = newNamespace();
});

const start = (): Promise<Instance> => startInstance({ inputs: [server.url], namespace });

async function membersSeenBy(instance: Instance): Promise<readonly string[]> {
  return [...answerOf(await beatOf(instance)).members].sort();
}

describe('a set whose instances have lost their connections', () => {
  const OTHER = setOf(['n1', 'n8', 'n9']);

  it('is shown until its beats are missed, although none of its instances is a member any more', async () => {
    const rival = await start();
    const two = await start();
    const sign = signOf(OTHER, { n8: '1.old' }, { standsSinceMs: 70 });
    answerOf(await nodeOf(rival).beat(rival.instanceId, sign, []));
    const liveSet = { set: OTHER, standsSinceMs: 70, app: 'test', yields: false };
    expect(answerOf(await beatOf(two)).identity.liveSets).toEqual([{ ...liveSet, instances: 1 }]);
    await rival.close();
    await until(
      async () => !(await membersSeenBy(two)).includes(rival.instanceId),
      'its connections have ended',
    );
    expect(answerOf(await beatOf(two)).identity.liveSets).toEqual([{ ...liveSet, instances: 0 }]);
    const asked = { position: 'n8', id: '2.new', set: two.set };
    expect(answerOf(await nodeOf(two).note(asked))).toEqual({ kind: 'in_use', by: rival.instanceId });
    const silentSinceMs = (await nodeTimeMs(server)) - 3_001;
    await server.client().zadd(`{${namespace}}:members`, String(silentSinceMs + 0.5), rival.instanceId);
    expect(answerOf(await beatOf(two)).identity.liveSets).toEqual([]);
    expect(answerOf(await nodeOf(two).note(asked)).kind).toBe('noted');
  });
});

describe('an instance that connects anew by itself', () => {
  async function behindName(): Promise<{ readonly port: SplitPort; readonly one: Instance; lost: number }> {
    const port = await SplitPort.open(server);
    onTestFinished(() => port.close());
    const stage = { port, lost: 0 };
    const one = await startInstance({
      inputs: [port.url('v4')],
      namespace,
      onPresenceLost: () => {
        stage.lost += 1;
      },
    });
    return Object.assign(stage, { one });
  }
  const LOCK_MS = 30_000;
  const isAnswering = (one: Instance): boolean => one.health().every(({ answering }) => answering);

  it('is alive and keeps its locks meanwhile, however long that takes it', async () => {
    const stage = await behindName();
    const { port, one } = stage;
    const two = await start();
    await membersSeenBy(one);
    await endQuarantine(server, namespace);
    expect(await one.locks.tryAcquire(['a'], LOCK_MS)).toMatchObject([{ kind: 'acquired' }]);
    port.lead('v4', undefined);
    nodeOf(one).reconnect?.();
    await until(() => !isAnswering(one), 'it has no connection for commands');
    const [held] = await two.locks.tryAcquire(['a'], LOCK_MS);
    expect(held).toMatchObject({ kind: 'held', holder: one.instanceId });
    expect(held).not.toHaveProperty('freeInMs');
    const inquiry = { instanceId: one.instanceId, lines: [] };
    expect(answerOf(await nodeOf(two).inquire(inquiry)).sign).toBe('alive');
    expect(one.health()).toMatchObject([{ answering: false, presence: true }]);
    expect(await membersSeenBy(two)).toEqual([one.instanceId, two.instanceId].sort());
    port.lead('v4', server);
    await until(() => isAnswering(one), 'it is connected anew');
    expect(await membersSeenBy(one)).toEqual([one.instanceId, two.instanceId].sort());
    expect([stage.lost, one.presenceRestored]).toEqual([0, 0]);
  });

  it('shows its presence where its commands go, as soon as it beats there, and no longer where they went', async () => {
    const { port, one } = await behindName();
    const other = await ownRedis();
    await membersSeenBy(one);
    port.lead('v4', undefined);
    nodeOf(one).reconnect?.();
    await until(() => !isAnswering(one), 'it has left the one');
    port.lead('v4', other);
    await until(() => isAnswering(one), 'it is connected to the other one');
    await beatOf(one);
    await until(() => one.presenceRestored === 1, 'it is seen there');
    const channel = `{${namespace}}:presence:${one.instanceId}`;
    expect(await other.client().call('PUBSUB', 'NUMSUB', channel)).toEqual([channel, 1]);
    await until(
      async () => String(await server.client().call('PUBSUB', 'NUMSUB', channel)) === `${channel},0`,
      'the old server has forgotten it',
    );
  });
});
