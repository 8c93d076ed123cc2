import { beforeEach, describe, expect, it } from 'vitest';
import { counterOf } from '#src/protocol/contract/ledger-id.js';
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
import { type RedisServer } from '../../support/redis-server.js';
import { ownRedis, sharedRedis } from '../../support/shared-servers.js';

const FAST_REPLICATION = ['--repl-diskless-sync-delay', '0'];
const server = sharedRedis({ args: FAST_REPLICATION });
let namespace: string;
let instance: Instance;

beforeEach(async () => {
  namespace = newNamespace();
  instance = await startInstance({ inputs: [server.url], namespace });
});

/** A tick that the node, which is trusted from here on, has granted to `winner`. */
async function grantedTick(winner = 'winner'): Promise<number> {
  answerOf(await nodeOf(instance).peek([]));
  await endQuarantine(server, namespace);
  const tick = (await nodeTimeMs(server)) + 1;
  expect(await votesOf(instance, claimOf('a', tick, winner))).toEqual(['granted']);
  return tick;
}

async function follow(follower: RedisServer, leader: RedisServer): Promise<void> {
  await follower.client().replicaof('127.0.0.1', leader.port);
  await until(
    async () => (await follower.client().info('replication')).includes('master_link_status:up'),
    'the replica follows',
  );
  // The leader changes its replication id for its first replica: what is granted must come after that.
  const leading = leader.client();
  await until(
    async () => (await leading.info('replication')).includes('state=online'),
    'the leader knows it',
  );
}

async function expectTickRefused(tick: number): Promise<void> {
  await until(() => instance.health()[0]?.answering === true, 'the node answers again');
  expect(await votesOf(instance, claimOf('a', tick, 'other'))).toEqual(['quarantined']);
}

const ledger = (): string => `{${namespace}}:ledger`;

describe('a node that may have forgotten what it granted', () => {
  it('refuses every tick of the first second after it was seen for the first time', async () => {
    const nowMs = await nodeTimeMs(server);
    expect(await votesOf(instance, claimOf('a', nowMs, 'one'), claimOf('b', nowMs + 50, 'two'))).toEqual([
      'quarantined',
      'quarantined',
    ]);
    const floorMs = Number(await server.client().hget(ledger(), 'floor'));
    expect(floorMs).toBeGreaterThanOrEqual(nowMs + 1_000);
    expect(floorMs).toBeLessThan(nowMs + 1_000 + 5_000);
  });

  it('grants the ticks above its floor again', async () => {
    await votesOf(instance, claimOf('a', 1, 'one', 1));
    const floorMs = Number(await server.client().hget(ledger(), 'floor'));
    await until(async () => (await nodeTimeMs(server)) > floorMs - 50, 'the floor comes into reach');
    expect(await votesOf(instance, claimOf('a', floorMs + 1, 'one'))).toEqual(['granted']);
    expect(await votesOf(instance, claimOf('b', floorMs, 'one'))).toEqual(['quarantined']);
  });

  it('refuses a granted tick after an empty restart', async () => {
    const tick = await grantedTick();
    await server.restartEmpty();
    await expectTickRefused(tick);
  });

  it('refuses a granted tick after FLUSHALL', async () => {
    const tick = await grantedTick();
    await server.client().flushall();
    await expectTickRefused(tick);
  });

  it('refuses a granted tick after its ledger was deleted', async () => {
    const tick = await grantedTick();
    await server.client().del(ledger());
    await expectTickRefused(tick);
  });

  it('refuses a granted tick after its ledger was evicted', async () => {
    const tick = await grantedTick();
    const client = server.client();
    await client.config('SET', 'maxmemory-policy', 'allkeys-random', 'maxmemory', '3mb');
    for (let i = 0; (await client.exists(ledger())) === 1; i += 1) {
      await client.set(`filler ${i}`, 'x'.repeat(100_000));
    }
    await client.config('SET', 'maxmemory', '0');
    await expectTickRefused(tick);
  });

  it('refuses a tick that is missing from the file it restarted from, and knows the one that is in it', async () => {
    const saved = await grantedTick();
    await server.save();
    const tick = saved + 1;
    expect(await votesOf(instance, claimOf('a', tick, 'winner2'))).toEqual(['granted']);
    await server.kill();
    await server.start();
    await expectTickRefused(tick);
    // A grant that is in the file is known, and not repeated: the others may have granted the tick without this node.
    expect(answerOf(await nodeOf(instance).peek(['a']))).toMatchObject([{ tick: saved, claimId: 'winner' }]);
    expect(await votesOf(instance, claimOf('a', saved, 'winner'))).toEqual(['quarantined']);
    expect(await votesOf(instance, claimOf('a', saved, 'other'))).toEqual(['quarantined']);
  });

  it('is suspected even when nothing was lost by the restart', async () => {
    const tick = await grantedTick();
    await server.restart();
    expect(await server.client().hget(ledger(), 't:a')).toBe(`${tick} winner 0`);
    await until(() => instance.health()[0]?.answering === true, 'the node answers again');
    expect(await votesOf(instance, claimOf('b', tick, 'other'))).toEqual(['quarantined']);
  });

  it('is known by its run id and its replication id', async () => {
    await grantedTick();
    const info = await server.client().info();
    const [, runId] = /run_id:(\w+)/.exec(info) ?? [];
    const [, replicationId] = /master_replid:(\w+)/.exec(info) ?? [];
    expect(await server.client().hget(ledger(), 'incarnation')).toBe(`${runId}:${replicationId}`);
  });

  it('is suspected after a fail-back, which gave it stale data of its own', async () => {
    const standby = await ownRedis({ args: FAST_REPLICATION });
    await follow(standby, server);
    await grantedTick();
    expect(await server.client().wait(1, 5_000)).toBe(1);
    await standby.client().replicaof('NO', 'ONE');
    // Trusted anew, whatever the coming and going of its replica has made of its replication id.
    const tick = await grantedTick('winner2');
    await follow(server, standby);
    const terms = { set: instance.set, ids: {}, deadlineMs: 0 };
    expect(await nodeOf(instance).claim([claimOf('a', tick, 'other')], terms)).toEqual({
      answered: false,
      reason: 'READONLY',
    });
    await server.client().replicaof('NO', 'ONE');
    await expectTickRefused(tick);
  });

  it('has a new id, one counter above the old one, which it finds in the file it restarted from', async () => {
    await grantedTick();
    const client = server.client();
    const [before, vote] = await client.hmget(ledger(), 'id', 'vote');
    expect(before).toMatch(/^1\.[0-9a-f]{12}$/);
    expect(vote).toBe('single');
    await server.save();
    await server.kill();
    await server.start();
    await until(() => instance.health()[0]?.answering === true, 'the node answers again');
    answerOf(await nodeOf(instance).peek([]));
    const [after, noVote] = await server.client().hmget(ledger(), 'id', 'vote');
    expect(after).toMatch(/^2\.[0-9a-f]{12}$/);
    expect(after?.slice(2)).not.toBe(before?.slice(2));
    expect(noVote).toBeNull();
  });

  it('has a new id also where its replica goes on in its place, with the data', async () => {
    const standby = await ownRedis({ args: FAST_REPLICATION });
    await follow(standby, server);
    await grantedTick();
    expect(await server.client().wait(1, 5_000)).toBe(1);
    const id = await server.client().hget(ledger(), 'id');
    await standby.client().replicaof('NO', 'ONE');
    const promoted = await startInstance({ inputs: [standby.url], namespace });
    expect(await standby.client().hget(ledger(), 'id')).toBe(id);
    const { identity } = answerOf(await beatOf(promoted));
    expect(identity).toMatchObject({ hasVote: false, stamp: { set: instance.set } });
    expect(counterOf(identity.id)).toBe(counterOf(id ?? '') + 1);
  });

  it('never lowers its floor', async () => {
    await grantedTick();
    await server.client().hset(ledger(), 'floor', '9999999999999', 'incarnation', 'another');
    await nodeOf(instance).peek([]);
    expect(await server.client().hget(ledger(), 'floor')).toBe('9999999999999');
    expect(await server.client().hget(ledger(), 'incarnation')).not.toBe('another');
  });

  it('starts its quarantine anew when its clock has stepped back behind the last one', async () => {
    await grantedTick();
    const client = server.client();
    const before = await client.hget(ledger(), 'id');
    await client.hset(ledger(), 'since', '9999999999999');
    await nodeOf(instance).peek([]);
    // Nothing was forgotten: it is the same memory, and votes.
    expect(await client.hmget(ledger(), 'id', 'vote')).toEqual([before, 'single']);
    expect(Number(await client.hget(ledger(), 'since'))).toBeLessThanOrEqual(await nodeTimeMs(server));
  });
});
