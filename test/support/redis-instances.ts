import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';
import type {
  BeatReply,
  Claim,
  ClaimTerms,
  ClaimVote,
  Clock,
  NodeReply,
  TimeSample,
} from '#src/protocol/contract/ports.js';
import {
  connectRedis,
  type RedisConnection,
  type RedisConnectionSettings,
} from '#src/redis/redis-connection.js';
import { SystemClock } from '#src/system/system-clock.js';
import { SystemRandom } from '#src/system/system-random.js';
import { answerOf } from './answer-of.js';
import { bringUp } from './bring-up.js';
import { signOf } from './electorate.js';
import type { RedisServer } from './redis-server.js';

export { answerOf };

/** One instance's connection to its nodes, and what it was told. */
export interface Instance extends RedisConnection {
  readonly instanceId: string;
  readonly samples: TimeSample[];
  readonly problems: string[];
  presenceRestored: number;
}

export type InstanceOptions = Partial<Omit<RedisConnectionSettings, 'options'>> & {
  readonly inputs: RedisConnectionSettings['inputs'];
  readonly nodeTimeoutMs?: number;
  readonly leaseTtlMs?: number;
};

let lastNamespace = 0;
let lastInstance = 0;
const opened: Instance[] = [];

/** A namespace of its own per test: the servers are shared within a file. */
export function newNamespace(): string {
  lastNamespace += 1;
  return `test-${process.pid}-${lastNamespace}`;
}

/** Opens an instance without waiting for its nodes. {@link closeInstances} ends it. */
export function openInstance(options: InstanceOptions): Instance {
  lastInstance += 1;
  const { nodeTimeoutMs = 2_000, leaseTtlMs = 3_000, ...given } = options;
  const log = { samples: [] as TimeSample[], problems: [] as string[], presenceRestored: 0 };
  const instanceId = given.instanceId ?? `instance-${lastInstance}`;
  const connection = connectRedis({
    namespace: 'test',
    generation: 1,
    clock: new SystemClock() satisfies Clock,
    random: new SystemRandom(),
    onProblem: (error) => log.problems.push(error.message),
    ...given,
    instanceId,
    options: { nodeTimeoutMs, leaseTtlMs },
    onTimeSample: (sample) => {
      log.samples.push(sample);
      given.onTimeSample?.(sample);
    },
    onPresenceLost: (position) => given.onPresenceLost?.(position),
    onPresenceRestored: () => {
      instance.presenceRestored += 1;
      given.onPresenceRestored?.();
    },
  });
  const instance: Instance = Object.assign(log, connection, { instanceId });
  opened.push(instance);
  return instance;
}

/** Opens an instance and waits until every node answers and shows its presence. */
export async function startInstance(options: InstanceOptions): Promise<Instance> {
  const instance = openInstance(options);
  await until(() => instance.health().every((node) => node.answering && node.presence), 'all nodes answer');
  return instance;
}

export async function closeInstances(): Promise<void> {
  await Promise.all(opened.splice(0).map((instance) => instance.close()));
}

const WITHIN_MS = 15_000;

/** Waits for a condition, not for a time. */
export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadlineMs = performance.now() + WITHIN_MS;
  while (!(await condition())) {
    if (performance.now() > deadlineMs) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Makes a node forget that it may have forgotten, as if its incarnation was an old one. */
export async function endQuarantine(server: RedisServer, namespace: string): Promise<void> {
  const client = server.client();
  await client.hset(`{${namespace}}:ledger`, 'floor', '0', 'since', '0');
}

/** The server's TIME in ms. */
export async function nodeTimeMs(server: RedisServer): Promise<number> {
  const [seconds, microseconds] = await server.client().time();
  return Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000);
}

export function claimOf(task: string, tick: number, claimId: string, maxLatenessMs = 60_000): Claim {
  return { task, tick, claimId, maxLatenessMs };
}

/** The only node of an instance. */
export function nodeOf(instance: Instance): Instance['nodes'][number] {
  const [node] = instance.nodes;
  if (node === undefined) throw new Error('the instance has no node');
  return node;
}

/** Has every node stamped and confirmed, and answers under which terms they can be asked. */
export async function termsOf(instance: Instance): Promise<ClaimTerms> {
  return { set: instance.set, ids: await bringUp(instance.nodes, instance.set), deadlineMs: 0 };
}

/** What the only node says to claims, after it was brought up. */
export async function askFor(
  instance: Instance,
  ...claims: readonly Claim[]
): Promise<NodeReply<readonly ClaimVote[]>> {
  const reply = await nodeOf(instance).claim(claims, await termsOf(instance));
  return reply.answered ? { ...reply, value: reply.value.votes } : reply;
}

/** The kinds of a node's votes, in order. */
export async function votesOf(instance: Instance, ...claims: readonly Claim[]): Promise<readonly string[]> {
  return answerOf(await askFor(instance, ...claims)).map((vote) => vote.kind);
}

/** A beat of this instance, or of another one in its name. */
export async function beatOf(
  instance: Instance,
  tasks: readonly string[] = [],
  instanceId = instance.instanceId,
  node = nodeOf(instance),
): Promise<NodeReply<BeatReply>> {
  return node.beat(instanceId, signOf(instance.set), tasks);
}

/** How often a server was asked to run a script since `CONFIG RESETSTAT`. */
export async function scriptCalls(server: RedisServer): Promise<number> {
  const stats = await server.client().info('commandstats');
  const calls = ['evalsha', 'eval'].map(
    (name) => new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1],
  );
  return calls.reduce((sum, count) => sum + Number(count ?? 0), 0);
}

/** Another address of a server. Closed at first. */
export interface TcpProxy {
  readonly url: string;
  open(): Promise<void>;
  close(): Promise<void>;
}

export async function createProxy(server: RedisServer): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  const proxy = createServer((near) => {
    const far = connect(server.port, '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => sockets.delete(socket));
    }
    near.pipe(far).pipe(near);
  });
  const open = (port: number): Promise<void> =>
    new Promise((resolve) => proxy.listen(port, '127.0.0.1', () => resolve()));
  const close = (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => proxy.close(() => resolve()));
  };
  await open(0);
  const { port } = proxy.address() as AddressInfo;
  await close();
  return { url: `redis://127.0.0.1:${port}`, open: () => open(port), close };
}
