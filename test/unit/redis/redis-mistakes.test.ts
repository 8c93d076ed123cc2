/** What people write for `redis`, and what they read then. */

import { Cluster, Redis } from 'ioredis';
import { redisSnapshotCache, redisSnapshots } from 'nestjs-distributed-schedule';
import { describe, expect, it, onTestFinished } from 'vitest';
import { addressOfCluster } from '#src/redis/connection/redis-address.js';
import { type RedisInput, requireRedisSources } from '#src/redis/connection/redis-input.js';
import { isMock, refuseMockedPackage } from '#src/redis/connection/redis-mock.js';

const NOT_SET = 'most likely because an environment variable is not set: is REDIS_URL set?';
const NO_HOST = NOT_SET.replace('URL', 'HOST');
const NO_NODE = NOT_SET.replace('URL', 'NODES');

/** What is thrown for an entry of `redis`, after `DSCHED_BAD_REDIS: redis[0] `. */
const saidOf = (input: unknown): string => saidOfList([input]).replace(/^redis\[0\] /, '');

function saidOfList(inputs: readonly unknown[]): string {
  try {
    requireRedisSources(inputs as readonly RedisInput[]);
  } catch (error) {
    expect(error).toMatchObject({ code: 'DSCHED_BAD_REDIS' });
    return String((error as Error).message).replace('DSCHED_BAD_REDIS: ', '');
  }
  return 'taken';
}

const optionsOf = (input: RedisInput): unknown => {
  const [source] = requireRedisSources([input]);
  return source !== undefined && 'options' in source ? source.options : undefined;
};

describe('a text for `redis`', () => {
  const LIST =
    "holds several addresses in one text; write a list with one URL for each node, as in redis: process.env.REDIS_URLS.split(','). " +
    'A Cluster is passed as a client: new Cluster([...])';
  const NO_SCHEME =
    'has no scheme; write redis:// before host and port, as in redis://host:6379, or rediss:// for TLS';
  const ENCODE =
    'has a user name or a password that is not percent-encoded: # / ? and % mean something else in an URL. ' +
    // biome-ignore lint/suspicious/noTemplateCurlyInString: this is what to write.
    'Write `redis://:${encodeURIComponent(password)}@host:6379`, or pass { host, port, password }';

  it.each<[string, string]>([
    ['', `is an empty text, ${NOT_SET}`],
    ['   ', `is an empty text, ${NOT_SET}`],
    ['undefined', `is the text "undefined", ${NOT_SET}`],
    ['redis://undefined:6379', `has no host or no port, ${NOT_SET}`],
    ['redis://h:undefined', `has no host or no port, ${NOT_SET}`],
    ['redis://:6379', `has no host or no port, ${NOT_SET}`],
    ['redis://', `has no host or no port, ${NOT_SET}`],
    ['redis://u:undefined@h', `has "undefined" or "null" as user name or password, ${NOT_SET}`],
    ['"redis://h:6379"', 'is in quotes; write the URL without them, as some readers of .env files keep them'],
    ['redis://a:1,redis://b:2,redis://c:3', LIST],
    ['redis://:geheim@a:1, redis://:geheim@b:2', LIST],
    ['redis://a:1,b:2,c:3', LIST],
    ['a:1,b:2,c:3', LIST],
    ['redis://a,', LIST],
    ['127.0.0.1:6379', NO_SCHEME],
    ['localhost:6379', NO_SCHEME],
    ['[::1]:6379', NO_SCHEME],
    ['geheim@host', NO_SCHEME],
    ['//host:6379', NO_SCHEME],
    [
      'https://:geheim@eu1.example',
      'is an URL for http, as of a REST interface; take the one of the same store that begins with redis:// or rediss://',
    ],
    [
      'valkey://h',
      'is an URL of another scheme; write redis://host:6379, rediss://host:6379 for TLS, or /path/to/redis.sock',
    ],
    ['redis://:ge#heim@h:6379', ENCODE],
    ['redis://:ge/heim@h:6379', ENCODE],
    ['redis://user:1/geheim@h:6379', ENCODE],
    ['redis://user:1?geheim@h:6379', ENCODE],
    ['redis://:geheim%@h', ENCODE],
    ['redis://:geheim%zz@h', ENCODE],
    ['redis://:geheim%ff@h', ENCODE],
    [
      'redis://::1:6379',
      'has a host or a port that none can have; write redis://host:6379, and an IPv6 host in brackets, as in redis://[::1]:6379',
    ],
    [
      'redis://h:99999',
      'has a host or a port that none can have; write redis://host:6379, and an IPv6 host in brackets, as in redis://[::1]:6379',
    ],
    ['redis:///run/redis.sock', 'has no host; write redis://host:6379, or /path/to/redis.sock for a socket'],
    [
      'redis://h/zero',
      'has more than a database number after the host; write redis://host:6379/2, and all else as ioredis options',
    ],
    [
      'redis://h#x',
      'has more than a database number after the host; write redis://host:6379/2, and all else as ioredis options',
    ],
    ['redis://h?family=5', 'has a family that is not 0, 4 or 6; write ?family=0'],
    ['redis://h/1?db=2', 'has a db that is no number, or two; write redis://host:6379/2'],
    ['redis://h?tls=true', 'has ?tls; write rediss:// for TLS'],
    [
      'redis://h?commandTimeout=9',
      'has ?commandTimeout, and of a query only family and db are taken; pass ioredis options for the rest: { host, port, password, commandTimeout }',
    ],
    [
      'redis://h?ge-heim=9',
      'has a query, and of a query only family and db are taken; pass ioredis options for the rest: { host, port, password }',
    ],
  ])('%j is refused, with what to write', (text, said) => {
    expect(saidOf(text)).toBe(said);
    expect(said).not.toMatch(/geheim/);
  });

  it.each<[string, object]>([
    [' redis://h:6379 ', { host: 'h', port: 6379, db: 0 }],
    ['redis://h?family=0', { host: 'h', family: 0 }],
    ['rediss://h/3?family=6', { host: 'h', db: 3, family: 6, tls: {} }],
    ['redis://h?db=2', { host: 'h', db: 2 }],
    ['redis://[::1]:7001', { host: '::1', port: 7001 }],
    ['redis://:p%23%2F%3F%25%40s@h', { password: 'p#/?%@s', host: 'h' }],
    ['redis://:p@ss,word:x@h', { password: 'p@ss,word:x', host: 'h' }],
    ['/run/redis.sock', { path: '/run/redis.sock' }],
    ['unix:///run/redis.sock?db=2', { path: '/run/redis.sock', db: 2 }],
  ])('%j is taken', (text, options) => {
    expect(optionsOf(text)).toMatchObject(options);
  });
});

describe('a list that was split at a comma too many', () => {
  const stray = (where: string, what = 'is an empty text', variable = 'REDIS_URLS'): string =>
    `${what}, most likely because of a comma ${where}. Take that comma out of ${variable}, or set what the entry stands for`;

  it.each([
    ['redis://a,', `redis[1] ${stray('after the last entry of the list')}`],
    ['redis://a,redis://b,redis://c, ', `redis[3] ${stray('after the last entry of the list')}`],
    [',redis://a,redis://b', `redis[0] ${stray('before the first entry of the list')}`],
    ['redis://a,,redis://b', `redis[1] ${stray('that follows another one in the list')}`],
    ['', `redis[0] is an empty text, ${NOT_SET}`],
  ])('%j names the comma', (variable, said) => {
    expect(saidOfList(variable.split(','))).toBe(said);
  });

  it('names it in the nodes of a Cluster too', () => {
    const cluster = new Cluster('a:1,b:2,'.split(','), { lazyConnect: true });
    onTestFinished(() => cluster.disconnect());
    expect(saidOf(cluster)).toBe(
      stray(
        'after the last entry of the list',
        'is a Cluster with a node that is an empty text',
        'REDIS_NODES',
      ),
    );
  });
});

describe('options for `redis`', () => {
  it.each<[object | number | undefined, string]>([
    [{ host: undefined, port: 6379 }, `has host undefined, ${NO_HOST}`],
    [{ host: '' }, `has an empty host, ${NO_HOST}`],
    [{ host: 'undefined' }, `has host "undefined", ${NO_HOST}`],
    [
      { host: 'redis://:geheim@h' },
      'has an URL as its host; pass the URL itself: redis: process.env.REDIS_URL',
    ],
    [{ host: '[::1]' }, "has a host in brackets, which belong to URLs; write host: '::1'"],
    [{ host: 'h:6379' }, "has host and port in one text; write { host: 'host', port: 6379 }"],
    [
      { url: 'redis://:geheim@h' },
      'has url, which ioredis does not know, so that it would go to 127.0.0.1; pass the URL itself: redis: process.env.REDIS_URL',
    ],
    [
      { socket: { host: 'h' } },
      'has socket, which ioredis does not know, so that it would go to 127.0.0.1; write { host, port } without it',
    ],
    [
      { nodes: ['redis://h'] },
      "has nodes, which ioredis does not know, so that it would go to 127.0.0.1; pass a Cluster as a client of ioredis: redis: new Cluster(['redis://host:6379'])",
    ],
    [
      ['redis://a', 'redis://b'],
      'is a list in a list; a Cluster is passed as a client of ioredis, new Cluster([...]); it takes an URL like redis://host:6379, ioredis options, or an ioredis client',
    ],
    [undefined, `is undefined, ${NOT_SET}`],
  ])('%j are refused, with what to write', (options, said) => {
    expect(saidOf(options)).toBe(said);
  });
});

describe('a Cluster', () => {
  const clusterOf = (nodes: readonly unknown[]): Cluster => {
    const cluster = new Cluster(nodes as string[], { lazyConnect: true });
    onTestFinished(() => cluster.disconnect());
    return cluster;
  };

  it('by a list of URLs is one node, and its nodes are told apart by address', () => {
    const cluster = clusterOf(['redis://:geheim@a:7001', 'redis://:geheim@[::1]:7002', 'b:7003']);
    const [source] = requireRedisSources([cluster]);
    expect(source).toMatchObject({
      kind: 'cluster',
      address: { endpoints: ['127.0.0.1:7002', 'a:7001', 'b:7003'] },
    });
    expect(addressOfCluster([{ host: '::1', port: 7002 }])).toEqual(addressOfCluster(['redis://[::1]:7002']));
  });

  it.each<[unknown, string]>([
    [
      'a:1,b:2',
      "is a Cluster with several nodes in one text; write new Cluster(process.env.REDIS_NODES.split(','))",
    ],
    ['', `is a Cluster with a node that is an empty text, ${NO_NODE}`],
    [undefined, `is a Cluster with a node that is undefined, ${NO_NODE}`],
    [{ host: undefined, port: 1 }, `is a Cluster with a node that has host undefined, ${NO_HOST}`],
  ])('with the node %j is refused, with what to write', (node, said) => {
    expect(saidOf(clusterOf([node]))).toBe(said);
  });
});

describe('ioredis-mock', () => {
  // As it is named in its bundle.
  class _RedisMock {
    readonly options = { host: 'localhost', port: 6379, db: 0 };
    duplicate(): object {
      return new _RedisMock();
    }
  }
  const MockedCluster = class extends _RedisMock {};

  it.each([[new _RedisMock()], [new MockedCluster()]])(
    'as a client is refused, with what to do instead',
    (client) => {
      expect(saidOf(client)).toBe(
        'is a client of ioredis-mock, which has no scripts to vote with; leave redis out in tests: the memory backend needs no server',
      );
    },
  );

  it('in place of the whole package is refused too', () => {
    expect(isMock(new (class Redis {})())).toBe(false);
    expect(() => refuseMockedPackage(Redis)).not.toThrow();
    expect(() => refuseMockedPackage(_RedisMock)).toThrow(
      'DSCHED_BAD_REDIS: the package ioredis is replaced',
    );
    expect(() => refuseMockedPackage(undefined)).toThrow('leave redis out in tests');
  });
});

describe('the redis of a snapshot store', () => {
  it.each([null, undefined])('says what it takes where it is %s', (redis) => {
    expect(() => redisSnapshots({ redis: redis as never })).toThrow(/DSCHED_BAD_REDIS/);
    expect(() => redisSnapshotCache({ redis: redis as never })).toThrow(/DSCHED_BAD_REDIS/);
  });
});
