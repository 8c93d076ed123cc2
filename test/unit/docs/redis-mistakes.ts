/** Mistakes in the entries of `redis`, each with the line that is read. */

import { Cluster } from 'ioredis';
import { type RedisInput, requireRedisSources } from '#src/redis/connection/redis-input.js';
import { bootError } from '../nest/nest-app.js';
import type { Mistake } from './mistakes.js';

class RedisMock {
  duplicate(): object {
    return this;
  }
}

const cluster = (...nodes: readonly unknown[]): Cluster =>
  new Cluster(nodes as string[], { lazyConnect: true });

const givenList = (written: string, inputs: readonly unknown[]): Mistake => ({
  written,
  line: async () =>
    (await bootError(Promise.resolve().then(() => requireRedisSources(inputs as RedisInput[])))).message,
});

const given = (written: string, input: unknown): Mistake => givenList(written, [input]);

export const REDIS_MISTAKES: readonly Mistake[] = [
  given("redis: ''", ''),
  given("redis: 'undefined'", 'undefined'),
  given('redis: [undefined]', undefined),
  givenList("redis: 'redis://a:6379,'.split(',')", ['redis://a:6379', '']),
  // biome-ignore lint/suspicious/noTemplateCurlyInString: this is what was written.
  given('redis: `redis://${host}:6379`, without a host', 'redis://undefined:6379'),
  // biome-ignore lint/suspicious/noTemplateCurlyInString: this is what was written.
  given('redis: `redis://:${password}@h`, without a password', 'redis://:undefined@h'),
  given('redis: \'"redis://h:6379"\'', '"redis://h:6379"'),
  given("redis: 'redis://a:1,redis://b:2,redis://c:3'", 'redis://a:1,redis://b:2,redis://c:3'),
  given("redis: 'redis://a:1,b:2,c:3'", 'redis://a:1,b:2,c:3'),
  given("redis: '127.0.0.1:6379'", '127.0.0.1:6379'),
  given("redis: 'localhost:6379'", 'localhost:6379'),
  given("redis: 'https://eu1.example'", 'https://eu1.example'),
  given("redis: 'valkey://h'", 'valkey://h'),
  given("redis: 'redis://:p#ss@h:6379'", 'redis://:p#ss@h:6379'),
  given("redis: 'redis://:p/ss@h:6379'", 'redis://:p/ss@h:6379'),
  given("redis: 'redis://:p%ss@h:6379'", 'redis://:p%ss@h:6379'),
  given("redis: 'redis://::1:6379'", 'redis://::1:6379'),
  given("redis: 'redis://h:99999'", 'redis://h:99999'),
  given("redis: 'redis://h/zero'", 'redis://h/zero'),
  given("redis: 'redis://h?tls=true'", 'redis://h?tls=true'),
  given("redis: 'redis://h?commandTimeout=9'", 'redis://h?commandTimeout=9'),
  given('redis: { host: undefined }', { host: undefined }),
  given("redis: { host: '[::1]' }", { host: '[::1]' }),
  given("redis: { host: 'h:6379' }", { host: 'h:6379' }),
  given("redis: { url: 'redis://h' }", { url: 'redis://h' }),
  given("redis: { socket: { host: 'h' } }", { socket: { host: 'h' } }),
  given("redis: { nodes: ['redis://h'] }", { nodes: ['redis://h'] }),
  given("redis: { port: '6379' }", { port: '6379' }),
  given('redis: { db: NaN }', { db: Number.NaN }),
  given("redis: { keyPrefix: 'staging:' }", { keyPrefix: 'staging:' }),
  given("redis: [['redis://a', 'redis://b']]", ['redis://a', 'redis://b']),
  given("redis: new Cluster(['a:1,b:2'])", cluster('a:1,b:2')),
  given("redis: new Cluster('a:1,b:2,'.split(','))", cluster('a:1', 'b:2', '')),
  given("redis: new Cluster([''])", cluster('')),
  given('redis: new RedisMock()', new RedisMock()),
];
