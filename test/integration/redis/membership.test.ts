import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { setOf, signOf } from '../../support/electorate.js';
import { SplitPort } from '../../support/faults/split-port.js';
import { type RedisServer, startRedis } from '../../support/redis-server.js';
import {
  answerOf,
  beatOf,
  claimOf,
  closeInstances,
  endQuarantine,
  type Instance,
  newNamespace,
  nodeOf,
  nodeTimeMs,
  startInstance,
  until,
  votesOf,
} from './redis-fixture.js';

let server: RedisServer;
let namespace: string;

beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());
beforeEach(() => {
  namespace = newNamespace();
});
afterEach(closeInstances);

const start = (): Promise<Instance> => startInstance({ inputs: [server.url], namespace });

async function membersSeenBy(instance: Instance): Promise<readonly string[]> {
  return [...answerOf(await beatOf(instance)).members].sort();
}

async function score(instanceId: string): Promise<number> {
  return Number(await server.client().zscore(`{${namespace}}:members`, instanceId));
}

describe('a beat', () => {
  it('shows who else is alive, and the newest ticks', async () => {
    const one = await start();
    const two = await start();
    expect(await membersSeenBy(one)).toEqual([one.instanceId]);
    await endQuarantine(server, namespace);
    const tick = await nodeTimeMs(server);
    await votesOf(one, claimOf('a', tick, 'winner'));
    const beat = answerOf(await beatOf(two, ['b', 'a']));
    expect([...beat.members].sort()).toEqual([one.instanceId, two.instanceId].sort());
    expect(beat.ticks).toMatchObject([{ tick: 0 }, { tick, claimId: 'winner' }]);
  });

  it('forgets an instance that has left', async () => {
    const one = await start();
    const two = await start();
    await membersSeenBy(one);
    await nodeOf(one).leave(one.instanceId);
    expect(await membersSeenBy(two)).toEqual([two.instanceId]);
  });

  it('drops an instance whose presence is gone, long before its beats are missed', async () => {
    const one = await start();
    const two = await start();
    await membersSeenBy(one);
    expect(await membersSeenBy(two)).toContain(one.instanceId);
    await one.close();
    await until(
      async () => !(await membersSeenBy(two)).includes(one.instanceId),
      'the dead instance is dropped',
    );
    expect((await nodeTimeMs(server)) - (await score(one.instanceId))).toBeLessThan(3_000);
  });

  it('keeps an instance that never managed to show its presence for as long as it beats', async () => {
    const two = await start();
    const nowMs = await nodeTimeMs(server);
    await server
      .client()
      .zadd(`{${namespace}}:members`, String(nowMs), 'without-presence', String(nowMs - 3_500), 'silent');
    expect(await membersSeenBy(two)).toEqual([two.instanceId, 'without-presence'].sort());
  });

  it('removes the long silent, and lets the whole set expire with its last member', async () => {
    const one = await start();
    await server.client().zadd(`{${namespace}}:members`, String((await nodeTimeMs(server)) - 11_000), 'old');
    await membersSeenBy(one);
    expect(await server.client().zrange(`{${namespace}}:members`, '0', '-1')).toEqual([one.instanceId]);
    expect(await server.client().pttl(`{${namespace}}:members`)).toBeGreaterThan(5_000);
  });

  it('keeps names with spaces and colons apart', async () => {
    const odd = await startInstance({ inputs: [server.url], namespace, instanceId: 'pod 1:a b' });
    const one = await start();
    await membersSeenBy(odd);
    expect(await membersSeenBy(one)).toEqual([one.instanceId, 'pod 1:a b'].sort());
  });
});

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
    const scene = { port, lost: 0 };
    const one = await startInstance({
      inputs: [port.url('v4')],
      namespace,
      onPresenceLost: () => {
        scene.lost += 1;
      },
    });
    return Object.assign(scene, { one });
  }
  const isAnswering = (one: Instance): boolean => one.health().every(({ answering }) => answering);

  it('is alive meanwhile, however long that takes it', async () => {
    const scene = await behindName();
    const { port, one } = scene;
    const two = await start();
    await membersSeenBy(one);
    port.lead('v4', undefined);
    nodeOf(one).reconnect?.();
    await until(() => !isAnswering(one), 'it has no connection for commands');
    expect(one.health()).toMatchObject([{ answering: false, presence: true }]);
    expect(await membersSeenBy(two)).toEqual([one.instanceId, two.instanceId].sort());
    port.lead('v4', server);
    await until(() => isAnswering(one), 'it is connected anew');
    expect(await membersSeenBy(one)).toEqual([one.instanceId, two.instanceId].sort());
    expect([scene.lost, one.presenceRestored]).toEqual([0, 0]);
  });

  it('shows its presence where its commands go, as soon as it beats there, and no longer where they went', async () => {
    const { port, one } = await behindName();
    const other = await startRedis();
    onTestFinished(() => other.stop());
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

describe('a presence', () => {
  it('comes back after its connection was lost, and says so', async () => {
    const one = await start();
    await server.client().call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await until(() => one.presenceRestored === 1, 'the presence is restored');
    expect(one.health()).toEqual([{ label: 'node 1', answering: true, presence: true }]);
  });

  it('is renewed when the node does not see it although nothing was heard of a loss', async () => {
    const one = await start();
    await server.client().call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await until(() => one.presenceRestored === 1, 'the presence is restored');
    // Another namespace has another channel: to this instance the node says that it does not see it.
    const stranger = answerOf(await beatOf(one, [], 'stranger'));
    expect(stranger.members).toContain('stranger');
    await until(() => one.presenceRestored === 2, 'the presence is renewed');
  });
});
