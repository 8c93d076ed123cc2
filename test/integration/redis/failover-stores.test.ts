import { Cluster } from 'ioredis';
import { afterEach, describe, expect, it } from 'vitest';
import {
  answerOf,
  askFor,
  beatOf,
  claimOf,
  closeInstances,
  endQuarantine,
  newNamespace,
  nodeOf,
  nodeTimeMs,
  openInstance,
  startInstance,
  until,
  votesOf,
} from '../../support/redis-instances.js';
import { startSentinel } from '../../support/redis-sentinel.js';
import { type RedisServer, startRedis } from '../../support/redis-server.js';

const TTL_MS = 30_000;
const servers: RedisServer[] = [];
const REPLICATION = ['--repl-diskless-sync-delay', '0'];

async function started(server: Promise<RedisServer>): Promise<RedisServer> {
  servers.push(await server);
  return server;
}

afterEach(async () => {
  await closeInstances();
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

async function startReplicaOf(master: RedisServer): Promise<RedisServer> {
  const replica = await started(
    startRedis({ args: [...REPLICATION, '--replicaof', '127.0.0.1', String(master.port)] }),
  );
  await until(
    async () => (await replica.client().info('replication')).includes('master_link_status:up'),
    'the replica follows',
  );
  return replica;
}

describe('a master behind Sentinel', () => {
  it('is one vote, best effort, and forgets nothing unnoticed when it fails over', async () => {
    const namespace = newNamespace();
    const master = await started(startRedis({ args: REPLICATION }));
    const replica = await startReplicaOf(master);
    const sentinel = await started(startSentinel({ masterName: 'main', masterPort: master.port }));
    await until(
      async () =>
        String(await sentinel.client().call('SENTINEL', 'REPLICAS', 'main')).includes(String(replica.port)),
      'the sentinel knows the replica',
    );
    const instance = await startInstance({
      inputs: [{ sentinels: [{ host: '127.0.0.1', port: sentinel.port }], name: 'main' }],
      namespace,
    });
    expect(instance.strength).toBe('best_effort');
    await nodeOf(instance).peek([]);
    await endQuarantine(master, namespace);
    const tick = await nodeTimeMs(master);
    expect(await votesOf(instance, claimOf('a', tick, 'one'))).toEqual(['granted']);
    await master.kill();
    await until(async () => (await nodeOf(instance).peek(['a'])).answered, 'the new master answers');
    expect(await votesOf(instance, claimOf('a', tick, 'two'), claimOf('b', tick, 'two'))).toEqual([
      'quarantined',
      'quarantined',
    ]);
    await until(() => instance.health()[0]?.presence === true, 'the presence is shown there');
  });
});

describe('waitReplicas', () => {
  it('lets a grant count only when the replicas have it', async () => {
    const namespace = newNamespace();
    const master = await started(startRedis({ args: REPLICATION }));
    const instance = await startInstance({
      inputs: [master.url],
      namespace,
      waitReplicas: 1,
      nodeTimeoutMs: 500,
    });
    await nodeOf(instance).peek([]);
    await endQuarantine(master, namespace);
    const tick = await nodeTimeMs(master);
    expect(await askFor(instance, claimOf('a', tick, 'one'))).toEqual({
      answered: false,
      reason: 'REPLICAS_MISSING',
    });
    expect((await instance.locks.tryAcquire(['a'], TTL_MS))[0]?.kind).toBe('no_quorum');
    await startReplicaOf(master);
    await until(
      async () => (await askFor(instance, claimOf('b', tick, 'one'))).answered,
      'the replica acknowledges',
    );
    // Its first replica gives a master a new replication id, which is suspicious.
    await endQuarantine(master, namespace);
    expect(await votesOf(instance, claimOf('b', tick, 'one'))).toEqual(['granted']);
    expect((await instance.locks.tryAcquire(['b'], TTL_MS))[0]?.kind).toBe('acquired');
  });

  it('is refused with several nodes, where the majority is what counts', () => {
    const inputs = ['redis://127.0.0.1:1', 'redis://127.0.0.1:2', 'redis://127.0.0.1:3'];
    expect(() => openInstance({ inputs, waitReplicas: 1 })).toThrow(/^DSCHED_BAD_OPTION/);
    expect(() => openInstance({ inputs: inputs.slice(0, 1), waitReplicas: -1 })).toThrow(
      /^DSCHED_BAD_OPTION/,
    );
  });
});

describe('a Cluster', () => {
  it('is one vote for ledger, membership and locks alike, without presence', async () => {
    const namespace = newNamespace();
    const server = await started(startRedis({ cluster: true }));
    const client = new Cluster([{ host: '127.0.0.1', port: server.port }]);
    const instance = openInstance({ inputs: [client], namespace });
    await until(() => instance.health()[0]?.answering === true, 'the cluster answers');
    expect(instance.strength).toBe('best_effort');
    expect(instance.health()).toEqual([{ label: 'node 1', answering: true, presence: false }]);
    await nodeOf(instance).peek([]);
    await endQuarantine(server, namespace);
    const tick = await nodeTimeMs(server);
    expect(await votesOf(instance, claimOf('a', tick, 'one'), claimOf('b', tick, 'one'))).toEqual([
      'granted',
      'granted',
    ]);
    expect(answerOf(await beatOf(instance, ['a']))).toMatchObject({
      members: [instance.instanceId],
      ticks: [{ tick, claimId: 'one' }],
    });
    // It has just got its vote.
    await endQuarantine(server, namespace);
    const verdicts = await instance.locks.tryAcquire(['a', 'b'], TTL_MS);
    expect(verdicts.map((verdict) => verdict.kind)).toEqual(['acquired', 'acquired']);
    expect(await instance.locks.tryAcquire(['a'], TTL_MS)).toEqual([{ kind: 'held' }]);
    await instance.close();
    expect(await client.set('x', '1')).toBe('OK');
    client.disconnect();
  });

  it('waits for replicas on the connection that wrote', async () => {
    const namespace = newNamespace();
    const server = await started(startRedis({ cluster: true }));
    const client = new Cluster([{ host: '127.0.0.1', port: server.port }], { lazyConnect: true });
    const instance = openInstance({ inputs: [client], namespace, waitReplicas: 1, nodeTimeoutMs: 1_000 });
    await until(() => instance.health()[0]?.answering === true, 'the cluster answers');
    expect(await askFor(instance, claimOf('a', await nodeTimeMs(server), 'one'))).toEqual({
      answered: false,
      reason: 'REPLICAS_MISSING',
    });
  });
});
