/** Two instances over three servers that are trusted, and the locks of theirs. */

import { afterEach, beforeEach } from 'vitest';
import type { HeldLock } from '#src/protocol/contract/ports.js';
import { whichever } from '../../support/between.js';
import {
  endQuarantine,
  type Instance,
  type InstanceOptions,
  newNamespace,
  startInstance,
} from '../../support/redis-instances.js';
import type { RedisServer } from '../../support/redis-server.js';
import { sharedRedises } from '../../support/shared-servers.js';

export const TTL_MS = 30_000;

export interface RunLockStage {
  readonly servers: readonly RedisServer[];
  readonly one: Instance;
  readonly two: Instance;
  /** That of the test. */
  namespace(): string;
  start(options?: Partial<InstanceOptions>): Promise<Instance>;
  trustNodes(): Promise<void>;
  acquired(instance: Instance, task?: string, ttlMs?: number): Promise<HeldLock>;
  lockKey(task?: string): string;
  /** What each node stores under the lock's key. */
  stored(task?: string): Promise<readonly (string | null)[]>;
}

export function runLockStage(): RunLockStage {
  const servers = sharedRedises(3);
  let namespace: string;
  let instances: readonly Instance[];
  const [one, two] = [0, 1].map((index) => whichever(() => instances[index] as Instance)) as [
    Instance,
    Instance,
  ];
  const start = (options: Partial<InstanceOptions> = {}): Promise<Instance> =>
    startInstance({ inputs: servers.map((server) => server.url), namespace, ...options });
  const trustNodes = async (): Promise<void> => {
    await Promise.all(one.nodes.map((node) => node.peek([])));
    await Promise.all(servers.map((server) => endQuarantine(server, namespace)));
  };
  const lockKey = (task = 'a'): string => `{${namespace}}:lock:${task}`;

  beforeEach(async () => {
    namespace = newNamespace();
    instances = [await start(), await start()];
    await trustNodes();
  });
  afterEach(() => {
    for (const server of servers) server.resume();
  });

  return {
    ...{ servers, one, two, start, trustNodes, acquired, lockKey, namespace: () => namespace },
    stored: (task) => Promise.all(servers.map((server) => server.client().get(lockKey(task)))),
  };
}

async function acquired(instance: Instance, task = 'a', ttlMs = TTL_MS): Promise<HeldLock> {
  const [verdict] = await instance.locks.tryAcquire([task], ttlMs);
  if (verdict?.kind !== 'acquired') throw new Error(`not acquired: ${JSON.stringify(verdict)}`);
  return verdict.lock;
}
