import type { RedisOptions } from 'ioredis';

/** Where an input leads: what tells two inputs apart, and what names their places in the set of nodes. */
export interface RedisAddress {
  /** Every address that is named, without the database: two databases of one master are one master. */
  readonly endpoints: readonly string[];
  readonly identity: string;
}

export function isSentinel(options: RedisOptions): boolean {
  return Array.isArray(options.sentinels);
}

export function addressOfOptions(options: RedisOptions): RedisAddress {
  const endpoints = endpointsOfOptions(options);
  return { endpoints, identity: `${endpoints.join(' ')}/${options.db ?? 0}` };
}

/** `startupNodes` as ioredis takes them: ports, `host:port`, URLs or objects. */
export function addressOfCluster(startupNodes: unknown): RedisAddress {
  const nodes: readonly unknown[] = Array.isArray(startupNodes) ? startupNodes : [];
  const endpoints = nodes.map(endpointOfStartupNode).sort();
  return { endpoints, identity: `cluster ${endpoints.join(' ')}` };
}

function endpointsOfOptions(options: RedisOptions): readonly string[] {
  if (isSentinel(options)) {
    const sentinels = options.sentinels ?? [];
    return sentinels.map((one) => `${options.name ?? ''}@${endpoint(one.host, one.port ?? 26_379)}`).sort();
  }
  const { path } = options;
  return typeof path === 'string' && path !== '' ? [path] : [endpoint(options.host, options.port)];
}

function endpointOfStartupNode(node: unknown): string {
  if (typeof node === 'number') return endpoint(undefined, node);
  if (typeof node === 'object' && node !== null) {
    const { host, port } = node as { host?: string; port?: number };
    return endpoint(host, port);
  }
  const text = String(node);
  const spelled = text.includes('://') ? text : `redis://${text}`;
  if (!URL.canParse(spelled)) return text;
  const url = new URL(spelled);
  return endpoint(url.hostname, url.port === '' ? undefined : url.port);
}

function endpoint(host: string | null | undefined, port: number | string | null | undefined): string {
  const name = (host ?? 'localhost').toLowerCase().replace(/^\[(.*)\]$/, '$1');
  return `${name === 'localhost' || name === '::1' ? '127.0.0.1' : name}:${port ?? 6379}`;
}
