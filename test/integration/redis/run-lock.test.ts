import { describe, expect, it } from 'vitest';
import { bringUp } from '../../support/bring-up.js';
import { openInstance, scriptCalls, until } from '../../support/redis-instances.js';
import { runLockStage, TTL_MS } from './run-lock-stage.js';

const { servers, one, two, namespace, trustNodes, acquired, lockKey, stored } = runLockStage();

describe('a run lock', () => {
  it('belongs to one instance, and names it to the others', async () => {
    const lock = await acquired(one);
    expect(await stored()).toEqual(servers.map(() => `${one.instanceId}:${lock.value}`));
    expect(await two.locks.tryAcquire(['a'], TTL_MS)).toEqual([{ kind: 'held', holder: one.instanceId }]);
  });

  it('counts at the memories that are meant, and at no other server behind a name', async () => {
    const ids = await bringUp(one.nodes, one.set);
    await trustNodes();
    const meant = new Map(Object.entries(ids));
    const refusals: unknown[] = [];
    one.guardLocks({
      namedIds: () => Object.fromEntries(meant),
      lockRefused: (position, refused) => refusals.push([position, refused]),
    });
    const lock = await acquired(one);
    expect(await one.locks.extend([lock], TTL_MS)).toMatchObject([{ kind: 'extended' }]);
    // As where the names of two of them have come to lead elsewhere since the last beat.
    for (const position of Object.keys(ids).slice(0, 2)) meant.set(position, '9.other');
    expect(await one.locks.extend([lock], TTL_MS)).toEqual([
      { kind: 'no_quorum', reason: '1 extended, 2 renamed of 3 nodes' },
    ]);
    expect(await one.locks.tryAcquire(['b'], TTL_MS)).toEqual([
      { kind: 'no_quorum', reason: '1 acquired, 2 renamed of 3 nodes' },
    ]);
    const own = Object.entries(ids)
      .slice(0, 2)
      .map(([position, id]) => [position, { [position]: id }]);
    expect(refusals.map(String).sort()).toEqual([...own, ...own].map(String).sort());
    expect(refusals).toContainEqual(own[0]);
    expect(refusals).toContainEqual(own[1]);
    for (const [position, id] of Object.entries(ids)) meant.set(position, id);
    expect(await one.locks.extend([lock], TTL_MS)).toMatchObject([{ kind: 'extended' }]);
    // What has been set there before is taken back all the same.
    await one.locks.release([lock]);
    expect(await stored()).toEqual([null, null, null]);
  });

  it('does not count at a memory without a vote, whatever its id', async () => {
    const ids = await bringUp(one.nodes, one.set);
    for (const server of servers) await server.client().hdel(`{${namespace()}}:ledger`, 'vote');
    one.guardLocks({
      namedIds: () => ids,
      lockRefused: () => undefined,
    });
    expect(await one.locks.tryAcquire(['a'], TTL_MS)).toEqual([
      { kind: 'no_quorum', reason: '3 renamed of 3 nodes' },
    ]);
  });

  it('is renewed by no node that knows a newer memory at another position, which may have given it away', async () => {
    const ids = await bringUp(one.nodes, one.set);
    await trustNodes();
    one.guardLocks({ namedIds: () => ids, lockRefused: () => undefined });
    const lock = await acquired(one);
    // The name of the first has come to mean another server, for others: this instance keeps its connection.
    const [first, second, third] = one.nodes;
    if (first === undefined || second === undefined || third === undefined) throw new Error('no nodes');
    const newer = { position: first.position, id: '9.other', set: one.set };
    await second.note(newer);
    expect(await one.locks.extend([lock], TTL_MS)).toMatchObject([{ kind: 'extended' }]);
    await third.note(newer);
    expect(await one.locks.extend([lock], TTL_MS)).toEqual([
      { kind: 'no_quorum', reason: '1 extended, 2 renamed of 3 nodes' },
    ]);
    expect(await one.locks.tryAcquire(['b'], TTL_MS)).toEqual([
      { kind: 'no_quorum', reason: '1 acquired, 2 renamed of 3 nodes' },
    ]);
  });

  it('is granted by nobody who has just got its vote: what stood there before may have granted it', async () => {
    await bringUp(one.nodes, one.set);
    expect(await one.locks.tryAcquire(['a'], TTL_MS)).toEqual([
      { kind: 'no_quorum', reason: '3 quarantined of 3 nodes' },
    ]);
    await trustNodes();
    await acquired(one);
  });

  it('is not shared by two runs of one instance', async () => {
    await acquired(one);
    expect(await one.locks.tryAcquire(['a'], TTL_MS)).toEqual([{ kind: 'held', holder: one.instanceId }]);
  });

  it('is free again after its release, and the release of a stranger frees nothing', async () => {
    const lock = await acquired(one);
    await two.locks.release([{ task: 'a', value: 'f'.repeat(32) }]);
    expect((await two.locks.tryAcquire(['a'], TTL_MS))[0]?.kind).toBe('held');
    await one.locks.release([lock]);
    expect(await stored()).toEqual([null, null, null]);
    await acquired(two);
  });

  it('lives on when it is extended, and is lost when somebody else has it', async () => {
    const lock = await acquired(one, 'a', 5_000);
    expect(await one.locks.extend([lock], TTL_MS)).toMatchObject([{ kind: 'extended' }]);
    expect(await servers[0]?.client().pttl(lockKey())).toBeGreaterThan(5_000);
    await Promise.all(servers.map((server) => server.client().del(lockKey())));
    await acquired(two);
    expect(await one.locks.extend([lock], TTL_MS)).toEqual([{ kind: 'lost' }]);
    expect((await stored()).every((value) => value?.startsWith(two.instanceId))).toBe(true);
  });

  it('is lost when it is gone from nodes that remember', async () => {
    const lock = await acquired(one);
    await Promise.all(servers.map((server) => server.client().del(lockKey())));
    expect(await one.locks.extend([lock], TTL_MS)).toEqual([{ kind: 'lost' }]);
    expect(await stored()).toEqual([null, null, null]);
  });

  it('is acquired with one node down, and nothing is decided with two down', async () => {
    servers[2]?.pause();
    const impatient = openInstance({
      inputs: servers.map((server) => server.url),
      namespace: namespace(),
      nodeTimeoutMs: 150,
    });
    await until(() => impatient.health().filter((node) => node.answering).length === 2, 'two nodes answer');
    const lock = await acquired(impatient);
    servers[1]?.pause();
    expect((await impatient.locks.extend([lock], TTL_MS))[0]?.kind).toBe('no_quorum');
    expect((await impatient.locks.tryAcquire(['b'], TTL_MS))[0]?.kind).toBe('no_quorum');
  });

  it('is known to be held without waiting for a node that does not answer', async () => {
    await acquired(two);
    servers[2]?.pause();
    const startedMs = performance.now();
    expect(await one.locks.tryAcquire(['a'], TTL_MS)).toEqual([{ kind: 'held', holder: two.instanceId }]);
    expect(performance.now() - startedMs).toBeLessThan(1_000);
  });

  it('takes one message per node for a thousand tasks, with a verdict for each', async () => {
    const tasks = Array.from({ length: 1_000 }, (_, index) => `task ${index}`);
    await acquired(two, 'task 7');
    await one.locks.release([await acquired(one, 'warm up')]);
    await servers[0]?.client().config('RESETSTAT');
    const verdicts = await one.locks.tryAcquire(tasks, TTL_MS);
    expect(verdicts.filter((verdict) => verdict.kind === 'acquired')).toHaveLength(999);
    expect(verdicts[7]).toEqual({ kind: 'held', holder: two.instanceId });
    const locks = verdicts.flatMap((verdict) => (verdict.kind === 'acquired' ? [verdict.lock] : []));
    expect(new Set((await one.locks.extend(locks, TTL_MS)).map((verdict) => verdict.kind))).toEqual(
      new Set(['extended']),
    );
    await one.locks.release(locks);
    if (servers[0] !== undefined) {
      // Acquire, the engine's release of the one that was held, extend, release.
      expect(await scriptCalls(servers[0])).toBe(4);
    }
  });
});
