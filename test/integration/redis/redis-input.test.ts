import fc from 'fast-check';
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { afterAll, describe, expect, it } from 'vitest';
import { DistributedScheduleError } from '#src/protocol/contract/errors.js';
import { nodeSetOf, parseSet, setText } from '#src/protocol/contract/node-set.js';
import { quorumOf } from '#src/protocol/contract/quorum.js';
import { type RedisInput, requireRedisSources } from '#src/redis/connection/redis-input.js';
import { SEED } from '../../support/seed.js';

const clients: { disconnect(): void }[] = [];
afterAll(() => {
  for (const client of clients) client.disconnect();
});

function keep<T extends { disconnect(): void }>(client: T): T {
  clients.push(client);
  return client;
}

function errorOf(...inputs: readonly unknown[]): DistributedScheduleError {
  try {
    requireRedisSources(inputs as readonly RedisInput[]);
  } catch (error) {
    if (error instanceof DistributedScheduleError) return error;
  }
  throw new Error('accepted');
}

const setNamed = (...inputs: readonly RedisInput[]): string => setWith(inputs, 3_000);

/** What stands on record for these nodes, as text. */
const setWith = (inputs: readonly RedisInput[], leaseTtlMs: number): string => {
  const addresses = requireRedisSources(inputs).map(({ address }) => address.identity);
  return setText(nodeSetOf(addresses, 1, leaseTtlMs));
};

const A = 'redis://127.0.0.1:7001';
const B = 'redis://127.0.0.1:7002';
const C = 'redis://127.0.0.1:7003';

describe('the redis option', () => {
  it('takes URLs, options and clients of one ioredis kind or the other', () => {
    const sources = requireRedisSources([
      'rediss://user:p%40ss@example.com/3',
      { sentinels: [{ host: 's1' }], name: 'main' },
      keep(new Cluster([{ port: 7001 }], { lazyConnect: true })),
    ]);
    expect(sources.map((source) => source.kind)).toEqual(['plain', 'sentinel', 'cluster']);
    expect(sources[0]).toMatchObject({
      options: { host: 'example.com', port: 6379, username: 'user', password: 'p@ss', db: 3, tls: {} },
    });
  });

  it.each([
    ['an empty list'],
    ['a number', 7001],
    ['nothing', undefined],
    ['null', null],
    ['a text', 'not an url'],
    ['another scheme', 'http://127.0.0.1:7001'],
    ['a query, whose settings would win over the strict ones', `${A}?commandTimeout=99999`],
    ['a path that is no database', `${A}/zero`],
    ['a password that is not encoded', 'redis://:100%@127.0.0.1'],
    ['an object of another class', new Map()],
    ['a node-redis client', { duplicate: () => ({}), isOpen: true, options: {} }],
    ['stringNumbers', { host: '127.0.0.1', stringNumbers: true }],
    ['a client with stringNumbers', keep(new Redis({ lazyConnect: true, stringNumbers: true }))],
  ])('refuses %s', (_, ...inputs) => {
    expect(errorOf(...inputs)).toMatchObject({ code: 'DSCHED_BAD_REDIS' });
  });

  const BAD_NUMBERS = [
    {
      given: { db: Number.NaN },
      says: 'has db NaN, most likely because an environment variable is not set; write',
    },
    { given: { db: Number(undefined) }, says: 'has db NaN' },
    { given: { db: -1 }, says: 'has db -1; write a whole number from 0, as in db: 2' },
    { given: { db: 1.5 }, says: 'has db 1.5;' },
    { given: { db: Number.POSITIVE_INFINITY }, says: 'has db Infinity;' },
    { given: { db: '2' }, says: 'has db "2", which is a text (use Number()); write' },
    { given: { db: null }, says: 'has db null, most likely' },
    { given: { port: Number.NaN }, says: 'has port NaN, most likely' },
    { given: { port: 0 }, says: 'has port 0; write a whole number from 1 to 65535, as in port: 6379' },
    { given: { port: 70_000 }, says: 'has port 70000;' },
    { given: { port: '6379' }, says: 'has port "6379", which is a text' },
    { given: { sentinels: [{ host: 's' }, { host: 's2', port: 0 }] }, says: 'has port 0;' },
  ] as const;

  it.each(BAD_NUMBERS)('refuses the number of $given', ({ given, says }) => {
    const error = errorOf(A, given, B);
    const [value] = Object.values('sentinels' in given ? { port: 0 } : given);
    expect(error).toMatchObject({ code: 'DSCHED_BAD_REDIS', value });
    expect(error.message).toContain(`redis[1] ${says}`);
  });

  it.each<RedisOptions>([
    { db: Number.NaN },
    { db: -1 },
    { db: 1.5 },
    { port: Number.NaN },
    { port: 70_000 },
  ])('refuses the number of a client with %o', (options) => {
    expect(errorOf(keep(new Redis({ ...options, lazyConnect: true, replyMapping: 'legacy' })))).toMatchObject(
      {
        code: 'DSCHED_BAD_REDIS',
        value: Object.values(options)[0],
      },
    );
  });

  it('takes what a client has made a number of', () => {
    const options = { db: '2', port: '7001' } as unknown as RedisOptions;
    const [source] = requireRedisSources([
      keep(new Redis({ ...options, lazyConnect: true, replyMapping: 'legacy' })),
    ]);
    expect(source?.address.identity).toBe('127.0.0.1:7001/2');
  });

  it('refuses a number in an URL that is none for a database or a port', () => {
    expect(errorOf('redis://127.0.0.1/99999999999999999999').message).toContain('redis[0] has db 1');
    expect(errorOf('redis://127.0.0.1:0').message).toContain('redis[0] has port 0');
  });

  it.each([
    ['its options', () => new Cluster([7001], { lazyConnect: true, redisOptions: { db: 2 } })],
    ['a node', () => new Cluster([7001, { host: 'a', db: 2 } as object], { lazyConnect: true })],
    ['an URL', () => new Cluster(['redis://127.0.0.1:7001/2'], { lazyConnect: true })],
  ])('refuses a Cluster with a database other than 0, in %s', (_, make) => {
    const error = errorOf(keep(make()));
    expect(error).toMatchObject({ code: 'DSCHED_BAD_REDIS', value: 2 });
    expect(error.message).toContain('redis[0] is a Cluster with db 2, and a Cluster has database 0 only');
  });

  it.each([
    { in: 'options', make: () => ({ host: '127.0.0.1', keyPrefix: 'staging:' }) },
    { in: 'a client', make: () => keep(new Redis({ lazyConnect: true, keyPrefix: 'staging:' })) },
    { in: 'a Cluster', make: () => keep(new Cluster([7001], { lazyConnect: true, keyPrefix: 'staging:' })) },
    {
      in: 'the options of a Cluster',
      make: () => keep(new Cluster([7001], { lazyConnect: true, redisOptions: { keyPrefix: 'staging:' } })),
    },
  ])('refuses a keyPrefix in $in, which would join two environments', ({ make }) => {
    const error = errorOf(make());
    expect(error).toMatchObject({ code: 'DSCHED_BAD_REDIS', value: 'staging:' });
    expect(error.message).toContain('keyPrefix "staging:"');
    expect(error.message).toContain("namespace: 'shop-staging'");
  });

  it('refuses an even number of nodes, with which votes end in draws', () => {
    expect(errorOf(A, B)).toMatchObject({ code: 'DSCHED_EVEN_NODES', value: 2 });
    expect(errorOf(A, B, C, 'redis://127.0.0.1:7004').code).toBe('DSCHED_EVEN_NODES');
    expect(requireRedisSources([A, B, C])).toHaveLength(3);
  });

  it('takes an even number of nodes as a step of a change, which no first generation is', () => {
    expect(requireRedisSources([A, B], 2)).toHaveLength(2);
    expect(() => requireRedisSources([A, B], 1)).toThrow('raise nodeSetGeneration by one');
    expect(() => requireRedisSources([], 2)).toThrow('DSCHED_BAD_REDIS');
  });

  it('changes by one node at a time without two majorities that share no node', () => {
    const majority = fc.integer({ min: 1, max: 9 }).chain((count) => {
      const nodes = Array.from({ length: count + 1 }, (_, index) => `node ${index}`);
      return fc.record({
        one: fc.shuffledSubarray(nodes.slice(0, count), { minLength: quorumOf(count) }),
        // The same set with one node more, so growing and shrinking are both of these.
        other: fc.shuffledSubarray(nodes, { minLength: quorumOf(count + 1) }),
      });
    });
    fc.assert(
      fc.property(majority, ({ one, other }) => one.some((node) => other.includes(node))),
      { numRuns: 1_000, seed: SEED },
    );
  });

  it.each([
    ['the same URL', A, A, B],
    ['another name of this machine', A, 'redis://LOCALHOST:7001', B],
    ['another database of the same master', `${A}/0`, `${A}/1`, B],
    ['options and an URL', A, { host: 'localhost', port: 7001 }, B],
    ['a client and an URL', A, keep(new Redis({ port: 7001, lazyConnect: true })), B],
  ])('refuses one master twice, as %s', (_, ...inputs) => {
    expect(errorOf(...inputs)).toMatchObject({ code: 'DSCHED_SAME_NODE_TWICE', value: 1 });
  });

  it('shows no password and no host in its errors', () => {
    const secrets = [
      errorOf('redis://:geheim@intern.example:99999'),
      errorOf('http://:geheim@intern.example'),
      errorOf('redis://:geheim%@intern.example'),
      errorOf('redis://:geheim@intern.example', 'redis://:geheim@intern.example', B),
      errorOf({ host: 'intern.example', password: 'geheim', stringNumbers: true }),
    ];
    for (const error of secrets) {
      expect(`${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`).not.toMatch(/geheim|intern/);
    }
  });
});

describe('a set of nodes on record', () => {
  it('does not depend on order and spelling', () => {
    expect(setNamed(A, B, C)).toBe(setNamed(C, { port: 7001 }, 'redis://user:secret@localhost:7002/0'));
  });

  it('tells sets, databases and kinds apart', () => {
    const sentinel = (name: string): RedisInput => ({ sentinels: [{ host: 's2' }, { host: 's1' }], name });
    const prints = [
      ...[C, `${C}/1`, sentinel('x'), sentinel('y')].map((third) => setNamed(A, B, third)),
      setNamed(A, B, keep(new Cluster([7009], { lazyConnect: true }))),
      setNamed(A),
    ];
    expect(new Set(prints).size).toBe(prints.length);
    expect(setNamed(A, B, sentinel('x'))).toBe(
      setNamed(A, B, { sentinels: [{ host: 'S1', port: 26_379 }, { host: 's2' }], name: 'x' }),
    );
  });

  it('is the same for one store under any address, so that a renamed host fences nobody', () => {
    const stores = [A, B, { sentinels: [{ host: 's1' }] }, keep(new Cluster([7001], { lazyConnect: true }))];
    expect(new Set(stores.map((store) => setNamed(store))).size).toBe(1);
  });

  it('tells times to live of leases apart, of one store and of several', () => {
    for (const set of [[A], [A, B, C]]) expect(setWith(set, 3_000)).not.toBe(setWith(set, 3_001));
  });

  it('names its members without blanks and without secrets', () => {
    const sentinel = { sentinels: [{ host: 's2' }, { host: 's1' }], name: 'x', password: 'geheim' };
    const text = setNamed('redis://user:geheim@intern.example/2', sentinel, { path: '/run/my redis.sock' });
    expect(text).not.toContain('geheim');
    expect(parseSet(text)?.positions).toEqual([
      '%2Frun%2Fmy%20redis.sock%2F0',
      'intern.example%3A6379%2F2',
      'x%40s1%3A26379%20x%40s2%3A26379%2F0',
    ]);
  });
});
