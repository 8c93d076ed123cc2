import { beforeEach, describe, expect, it } from 'vitest';
import {
  answerOf,
  askFor,
  claimOf,
  endQuarantine,
  type Instance,
  newNamespace,
  nodeOf,
  nodeTimeMs,
  openInstance,
  scriptCalls,
  startInstance,
  termsOf,
  until,
  votesOf,
} from '../../support/redis-instances.js';
import { sharedRedis } from '../../support/shared-servers.js';

const server = sharedRedis();
let namespace: string;
let instance: Instance;
let nowMs: number;

beforeEach(async () => {
  namespace = newNamespace();
  instance = await startInstance({ inputs: [server.url], namespace });
  await nodeOf(instance).peek([]);
  await endQuarantine(server, namespace);
  nowMs = await nodeTimeMs(server);
});

describe('a node that is asked for a tick', () => {
  it('grants it once and names the winner to everybody else', async () => {
    expect(await votesOf(instance, claimOf('a', nowMs, 'one'))).toEqual(['granted']);
    const [vote] = answerOf(await askFor(instance, claimOf('a', nowMs, 'two')));
    expect(vote).toEqual({ kind: 'taken', claimId: 'one' });
  });

  it('grants the same claim again, because a message may come twice', async () => {
    await votesOf(instance, claimOf('a', nowMs, 'one'));
    expect(await votesOf(instance, claimOf('a', nowMs, 'one'))).toEqual(['granted']);
  });

  it('takes an earlier tick for taken, without a name', async () => {
    await votesOf(instance, claimOf('a', nowMs, 'one'));
    const [vote] = answerOf(await askFor(instance, claimOf('a', nowMs - 1_000, 'two')));
    expect(vote).toEqual({ kind: 'taken' });
  });

  it('refuses a tick further ahead than EARLY, and grants one that is not', async () => {
    expect(await votesOf(instance, claimOf('a', nowMs + 60_000, 'one'))).toEqual(['early']);
    expect(await votesOf(instance, claimOf('a', nowMs + 90, 'two'))).toEqual(['granted']);
  });

  it('refuses a tick that is later than its limit, and writes nothing', async () => {
    expect(await votesOf(instance, claimOf('a', nowMs - 500, 'one', 400))).toEqual(['late']);
    expect(answerOf(await nodeOf(instance).peek(['a']))).toMatchObject([{ tick: 0 }]);
  });

  it('says late even to a claim that it has granted, so that a stale message starts nothing', async () => {
    const tick = nowMs - 500;
    expect(await votesOf(instance, claimOf('a', tick, 'one', 60_000))).toEqual(['granted']);
    expect(await votesOf(instance, claimOf('a', tick, 'one', 400))).toEqual(['late']);
  });

  it('sees within one batch what the batch has granted', async () => {
    const votes = await votesOf(
      instance,
      claimOf('a', nowMs - 1_000, 'one'),
      claimOf('a', nowMs, 'two'),
      claimOf('a', nowMs, 'three'),
      claimOf('b', nowMs, 'four'),
    );
    expect(votes).toEqual(['granted', 'granted', 'taken', 'granted']);
    expect(answerOf(await nodeOf(instance).peek(['a', 'b', 'c']))).toMatchObject([
      { tick: nowMs, claimId: 'two' },
      { tick: nowMs, claimId: 'four' },
      { tick: 0 },
    ]);
  });

  it('keeps ticks in whole milliseconds, not in the rounded numbers of Lua', async () => {
    await votesOf(instance, claimOf('a', nowMs, 'one'));
    expect(await server.client().hget(`{${namespace}}:ledger`, 't:a')).toBe(`${nowMs} one 0`);
  });

  it('never lets the ledger expire', async () => {
    await votesOf(instance, claimOf('a', nowMs, 'one'));
    expect(await server.client().pttl(`{${namespace}}:ledger`)).toBe(-1);
  });
});

describe('a batch of a thousand claims', () => {
  it('is one message per node, and so are its peek and its return', async () => {
    const claims = Array.from({ length: 1_000 }, (_, index) =>
      claimOf(`task ${index}`, nowMs, `claim${index}`),
    );
    const client = server.client();
    const terms = await termsOf(instance);
    await client.config('RESETSTAT');
    const { votes } = answerOf(await nodeOf(instance).claim(claims, terms));
    expect(new Set(votes.map(({ kind }) => kind))).toEqual(new Set(['granted']));
    expect(await scriptCalls(server)).toBe(1);
    const ticks = answerOf(await nodeOf(instance).peek(claims.map((claim) => claim.task)));
    expect(ticks.every((known, index) => known.claimId === `claim${index}`)).toBe(true);
    await nodeOf(instance).giveBack(claims);
    expect(answerOf(await nodeOf(instance).peek(['task 0', 'task 999']))).toMatchObject([
      { tick: 0 },
      { tick: 0 },
    ]);
  });

  it('works beyond the number of values that Lua can unpack', async () => {
    const claims = Array.from({ length: 9_000 }, (_, index) =>
      claimOf(`task ${index}`, nowMs, `claim${index}`),
    );
    expect((await votesOf(instance, ...claims)).filter((kind) => kind === 'granted')).toHaveLength(9_000);
    expect(await votesOf(instance, claimOf('task 8999', nowMs, 'other'))).toEqual(['taken']);
  });
});

describe('giving back', () => {
  it('frees the tick for somebody else and keeps the one before it taken', async () => {
    await votesOf(instance, claimOf('a', nowMs - 1_000, 'zero'));
    await votesOf(instance, claimOf('a', nowMs, 'one'));
    await nodeOf(instance).giveBack([claimOf('a', nowMs, 'one')]);
    expect(await votesOf(instance, claimOf('a', nowMs - 1_000, 'late'))).toEqual(['taken']);
    expect(await votesOf(instance, claimOf('a', nowMs, 'two'))).toEqual(['granted']);
  });

  it('touches nothing where another claim stands', async () => {
    await votesOf(instance, claimOf('a', nowMs, 'one'));
    await nodeOf(instance).giveBack([claimOf('a', nowMs, 'two'), claimOf('a', nowMs - 1_000, 'one')]);
    expect(answerOf(await nodeOf(instance).peek(['a']))).toEqual([{ tick: nowMs, claimId: 'one' }]);
  });

  it('does nothing the second time', async () => {
    await votesOf(instance, claimOf('a', nowMs, 'one'));
    await nodeOf(instance).giveBack([claimOf('a', nowMs, 'one')]);
    await votesOf(instance, claimOf('a', nowMs, 'two'));
    await nodeOf(instance).giveBack([claimOf('a', nowMs, 'one')]);
    expect(answerOf(await nodeOf(instance).peek(['a']))).toEqual([{ tick: nowMs, claimId: 'two' }]);
  });
});

describe('the node set', () => {
  const nodes = (count: number): string[] =>
    [server.url, 'redis://127.0.0.1:1', 'redis://127.0.0.1:2'].slice(0, count);

  it('makes an instance of an older generation outdated as soon as a newer one was here', async () => {
    const newer = await startInstance({ inputs: [server.url], namespace, generation: 2 });
    expect(await votesOf(newer, claimOf('a', nowMs, 'one'))).toEqual(['granted']);
    expect(await votesOf(instance, claimOf('a', nowMs, 'one'))).toEqual(['outdated']);
  });

  it('is in conflict with instances whose leases live longer or shorter', async () => {
    await votesOf(instance, claimOf('a', nowMs, 'one'));
    const other = await startInstance({ inputs: [server.url], namespace, leaseTtlMs: 10_000 });
    expect(await votesOf(other, claimOf('b', nowMs, 'one'))).toEqual(['conflict']);
  });

  it('lets a newer generation in by a stamp in place of the one on record, and not by a claim', async () => {
    await votesOf(instance, claimOf('a', nowMs, 'one'));
    const newer = await startInstance({ inputs: [server.url], namespace, generation: 2 });
    expect(await votesOf(newer, claimOf('b', nowMs, 'one'))).toEqual(['unstamped']);
    const onRecord = await server.client().hget(`{${namespace}}:ledger`, 'stamp');
    expect(onRecord).toMatch(/^\d{13} app 1 3000 single$/);
    const stamp = { set: newer.set, app: 'my app', sinceMs: nowMs };
    const request = { stamp, expected: onRecord ?? '', raiseFloor: false, deadlineMs: 0 };
    expect(answerOf(await nodeOf(newer).stamp(request))).toBe('stamped');
    expect(answerOf(await nodeOf(newer).stamp(request))).toBe('changed');
    expect(await votesOf(newer, claimOf('b', nowMs, 'one'))).toEqual(['granted']);
    expect(await votesOf(instance, claimOf('c', nowMs, 'one'))).toEqual(['outdated']);
    expect(await server.client().hget(`{${namespace}}:ledger`, 'stamp')).toBe(
      `${nowMs} my%20app 2 3000 single`,
    );
  });

  it('is in conflict when two sets use the same generation', async () => {
    await votesOf(instance, claimOf('a', nowMs, 'one'));
    const other = openInstance({ inputs: nodes(3), namespace });
    await until(() => other.health()[0]?.answering === true, 'the first node answers');
    expect(await votesOf(other, claimOf('b', nowMs, 'one'))).toEqual(['conflict']);
  });

  it('is the same set in another order and spelling', async () => {
    await votesOf(instance, claimOf('a', nowMs, 'one'));
    const same = await startInstance({ inputs: [{ host: 'LOCALHOST', port: server.port }], namespace });
    expect(await votesOf(same, claimOf('b', nowMs, 'one'))).toEqual(['granted']);
  });
});

describe('a reply', () => {
  it('brings the time of the node between sending and receiving', async () => {
    const before = instance.samples.length;
    await nodeOf(instance).peek(['a']);
    const [sample] = instance.samples.slice(before);
    expect(sample).toMatchObject({ node: 0 });
    expect(sample?.nodeTimeMs).toBeGreaterThanOrEqual(nowMs);
    expect(sample?.receivedMs).toBeGreaterThan(sample?.sentMs ?? Number.POSITIVE_INFINITY);
  });
});
