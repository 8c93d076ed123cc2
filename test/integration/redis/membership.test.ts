import { beforeEach, describe, expect, it } from 'vitest';
import {
  answerOf,
  beatOf,
  claimOf,
  endQuarantine,
  type Instance,
  newNamespace,
  nodeOf,
  nodeTimeMs,
  startInstance,
  until,
  votesOf,
} from '../../support/redis-instances.js';
import { sharedRedis } from '../../support/shared-servers.js';

const server = sharedRedis();
let namespace: string;

beforeEach(() => {
  namespace = newNamespace();
});

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
