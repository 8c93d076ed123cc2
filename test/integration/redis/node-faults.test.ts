import { runInNewContext } from 'node:vm';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BOARD_START } from '#src/protocol/board/board-node.js';
import type { HeldLock } from '#src/protocol/contract/ports.js';
import { callWithin } from '#src/redis/connection/node-call.js';
import { SystemClock } from '#src/system/system-clock.js';
import {
  answerOf,
  askFor,
  beatOf,
  claimOf,
  type Instance,
  newNamespace,
  nodeOf,
  nodeTimeMs,
  openInstance,
  startInstance,
  until,
  votesOf,
} from '../../support/redis-instances.js';
import { ownRedis, sharedRedis } from '../../support/shared-servers.js';

const PASSWORD = 'geheim-7f3a';
const server = sharedRedis({ password: PASSWORD });
let namespace: string;

beforeEach(() => {
  namespace = newNamespace();
});
afterEach(() => {
  server.resume();
  vi.restoreAllMocks();
});

const start = (nodeTimeoutMs = 2_000): Promise<Instance> =>
  startInstance({ inputs: [server.url], namespace, nodeTimeoutMs });

/** Why the node of an instance gives no vote. */
async function silenceOf(instance: Instance): Promise<string> {
  const reply = await askFor(instance, claimOf('a', await nodeTimeMs(server), 'one'));
  return reply.answered ? 'it answered' : reply.reason;
}

describe('a node that does not answer', () => {
  it('gives no vote after the node timeout, and answers again when it thaws', async () => {
    const instance = await start(150);
    server.pause();
    const startedMs = performance.now();
    const reply = await nodeOf(instance).peek(['a']);
    const tookMs = performance.now() - startedMs;
    expect(reply).toEqual({ answered: false, reason: 'timeout' });
    expect(tookMs).toBeGreaterThan(100);
    expect(tookMs).toBeLessThan(1_000);
    server.resume();
    await until(async () => (await nodeOf(instance).peek(['a'])).answered, 'the node answers');
  });

  it('loses its socket after two timeouts, with the messages that are queued in it', async () => {
    const instance = await start(100);
    const ids = async (): Promise<string> =>
      String(await server.client().client('LIST'))
        .split('\n')
        .filter((line) => line.includes('name=nestjs-distributed-schedule:votes'))
        .map((line) => /id=(\d+)/.exec(line)?.[1])
        .join();
    const before = await ids();
    server.pause();
    await nodeOf(instance).peek(['a']);
    await nodeOf(instance).peek(['a']);
    await until(async () => {
      const reply = await nodeOf(instance).peek(['a']);
      return !reply.answered && reply.reason.startsWith('not connected');
    }, 'the socket is given up');
    server.resume();
    await until(async () => (await nodeOf(instance).peek(['a'])).answered, 'the node answers');
    expect(await ids()).not.toBe(before);
  });

  it('is no vote at once while it is down, and is found again by itself', async () => {
    const other = await ownRedis();
    const instance = await startInstance({ inputs: [other.url], namespace });
    await other.kill();
    await until(() => instance.health()[0]?.answering === false, 'the loss is noticed');
    const startedMs = performance.now();
    expect((await nodeOf(instance).peek(['a'])).answered).toBe(false);
    expect(performance.now() - startedMs).toBeLessThan(500);
    await other.start();
    await until(async () => (await nodeOf(instance).peek(['a'])).answered, 'the node answers');
    await until(() => instance.presenceRestored === 1, 'the presence is restored');
  });

  it('says that it is back by itself, once per connection', async () => {
    const other = await ownRedis();
    const instance = await startInstance({ inputs: [other.url], namespace });
    let backs = 0;
    nodeOf(instance).onBack?.(() => {
      backs += 1;
    });
    for (const times of [1, 2]) {
      await other.kill();
      await until(() => instance.health()[0]?.answering === false, 'the loss is noticed');
      await other.start();
      await until(() => backs >= times, 'the node says that it is back');
      expect((await nodeOf(instance).peek(['a'])).answered).toBe(true);
      expect(backs).toBe(times);
    }
  });

  it('ends a call even when the client never does', async () => {
    const clock = new SystemClock();
    const result = await callWithin(clock, clock.monotonicMs() + 20, () => new Promise(() => {}));
    expect(result).toEqual({ ok: false, code: 'TIMED_OUT' });
  });

  it('does not delay the start', async () => {
    const instance = openInstance({ inputs: ['redis://127.0.0.1:1'], namespace });
    await until(async () => {
      const reply = await nodeOf(instance).peek(['a']);
      return !reply.answered && reply.reason === 'not connected (ECONNREFUSED)';
    }, 'the refusal is known');
    await instance.verifyDistinct(10);
    expect(instance.health()[0]).toMatchObject({ label: 'node 1', answering: false, presence: false });
  });
});

describe('an error of a script', () => {
  it('is no vote, with the first word of the server as the reason: OOM', async () => {
    const instance = await start();
    await server.client().config('SET', 'maxmemory', '1');
    expect(await silenceOf(instance)).toBe('OOM');
    await server.client().config('SET', 'maxmemory', '0');
    expect(await silenceOf(instance)).toBe('it answered');
  });

  it('is no vote: BUSY', async () => {
    const instance = await start();
    const client = server.client();
    await client.config('SET', 'busy-reply-threshold', '1');
    const endless = server.client().eval('while true do end', 0);
    const killed = endless.catch(() => {});
    await until(async () => {
      const reply = await nodeOf(instance).peek(['a']);
      return !reply.answered && reply.reason === 'BUSY';
    }, 'the server is busy');
    await client.script('KILL');
    await killed;
  });

  it('is no vote: WRONGTYPE, when somebody uses our key for something else', async () => {
    const instance = await start();
    await server.client().set(`{${namespace}}:ledger`, 'x');
    expect(await silenceOf(instance)).toBe('WRONGTYPE');
  });

  it('loads the script again when the server has forgotten it', async () => {
    const instance = await start();
    await server.client().script('FLUSH');
    expect(await silenceOf(instance)).toBe('it answered');
  });

  it('of another realm ends the call instead of hanging it', async () => {
    const clock = new SystemClock();
    const error: unknown = runInNewContext("Object.assign(new Error('OOM no'), { name: 'ReplyError' })");
    expect(error).not.toBeInstanceOf(Error);
    const result = await callWithin(clock, clock.monotonicMs() + 5_000, () => Promise.reject(error));
    expect(result).toEqual({ ok: false, code: 'OOM' });
  });
});

describe('a server that cannot run the scripts', () => {
  it('never votes and says why', async () => {
    const client = server.client();
    await client.acl('SETUSER', 'weak', 'on', '>weak', '~*', '&*', '+@all', '-info');
    const instance = openInstance({ inputs: [`redis://weak:weak@127.0.0.1:${server.port}`], namespace });
    await until(() => instance.problems.length > 0, 'the problem is told');
    expect(instance.problems[0]).toMatch(/^DSCHED_UNSUPPORTED_STORE: node 1 gives no vote/);
    expect(await nodeOf(instance).peek(['a'])).toEqual({
      answered: false,
      reason: 'DSCHED_UNSUPPORTED_STORE',
    });
    expect(instance.health()[0]).toMatchObject({ answering: false, problem: 'DSCHED_UNSUPPORTED_STORE' });
    expect(instance.problems).toHaveLength(1);
    await client.acl('SETUSER', 'weak', '+info');
    await until(
      async () => (await nodeOf(instance).peek(['a'])).answered,
      'it votes with the right it lacked',
    );
    expect(instance.health()[0]).toMatchObject({ answering: true });
  });

  it('needs no more rights than these', async () => {
    const rights =
      '+hello +auth +ping +info +client|setname +select +subscribe +time +pubsub|numsub +eval +evalsha ' +
      '+get +set +del +pexpire +pttl +hset +hmget +hget +hdel +hscan +zadd +zrem +zcard +zrangebyscore ' +
      '+zrevrangebyscore';
    await server
      .client()
      .acl(
        'SETUSER',
        'least',
        'on',
        '>least',
        `~{${namespace}}:*`,
        `&{${namespace}}:*`,
        '-@all',
        ...rights.split(' '),
      );
    const url = `redis://least:least@127.0.0.1:${server.port}`;
    const one = await startInstance({ inputs: [url], namespace });
    const two = await startInstance({ inputs: [url], namespace });
    expect(await votesOf(one, claimOf('a', await nodeTimeMs(server), 'one'))).toEqual(['quarantined']);
    answerOf(await nodeOf(one).giveBack([claimOf('a', 1, 'one')]));
    answerOf(await beatOf(one, ['a']));
    expect(await nodeOf(one).note({ position: 'n2', id: '1.b', set: one.set })).toMatchObject({
      answered: true,
    });
    const held: HeldLock[] = [];
    await until(async () => {
      const [verdict] = await one.locks.tryAcquire(['a'], 300);
      return verdict?.kind === 'acquired' && held.push(verdict.lock) > 0;
    }, 'the quarantine ends');
    expect((await one.locks.extend(held, 20_000))[0]?.kind).toBe('extended');
    await one.close();
    expect((await two.locks.tryAcquire(['a'], 300))[0]?.kind).toBe('held');
    await two.locks.release(held);
    answerOf(await nodeOf(two).leave(two.instanceId));
    await useBoard(two);
  });
});

/** Puts a record that expires, which a later exchange removes. */
async function useBoard(instance: Instance): Promise<void> {
  const [board] = instance.boards;
  const stamp = { ms: 1, counter: 0, writer: 'aaaaaaaaaaaa' };
  const expiresAtMs = (await nodeTimeMs(server)) + 100;
  const brief = { key: 'brief', value: '1', stamp, expiresAtMs };
  const lasting = { key: 'lasting', value: '1', stamp, expiresAtMs: undefined };
  expect(answerOf(await board?.exchange([brief, lasting], BOARD_START)).puts).toEqual(['stored', 'stored']);
  await until(
    async () => answerOf(await board?.exchange([], BOARD_START)).changes.length === 1,
    'what has expired is gone',
  );
}

describe('a password', () => {
  it('is in no reason, no problem and no output', async () => {
    const output = ['log', 'warn', 'error', 'info'].map((name) => vi.spyOn(console, name as 'log'));
    const right = await start(200);
    const wrong = openInstance({
      inputs: [`redis://:${PASSWORD}-wrong@127.0.0.1:${server.port}`],
      namespace,
    });
    const texts: string[] = [];
    await until(async () => {
      const reply = await nodeOf(wrong).peek(['a']);
      texts.push(JSON.stringify(reply));
      return !reply.answered && reply.reason === 'DSCHED_CREDENTIALS_REFUSED';
    }, 'the password is refused');
    server.pause();
    texts.push(JSON.stringify(await nodeOf(right).peek(['a'])));
    texts.push(JSON.stringify(await right.locks.tryAcquire(['a'], 1_000)));
    texts.push(JSON.stringify([right.health(), wrong.health(), right.problems, wrong.problems]));
    expect(output.flatMap((one) => one.mock.calls)).toEqual([]);
    expect(texts.join()).not.toContain(PASSWORD);
    expect(texts.join()).not.toContain('127.0.0.1');
  });
});

describe("a caller's client", () => {
  it('is neither used nor closed', async () => {
    const client = new Redis(server.url, { lazyConnect: true, enableOfflineQueue: true });
    const instance = await startInstance({ inputs: [client], namespace });
    expect(await silenceOf(instance)).toBe('it answered');
    expect(client.status).toBe('wait');
    await client.connect();
    await instance.close();
    expect(await client.ping()).toBe('PONG');
    expect(await server.client().exists(`{${namespace}}:ledger`)).toBe(1);
    client.disconnect();
  });
});
