import { HERE, type Place } from './place.js';
import { type RedisServer, serverCommand, startOnFreePort } from './server-process.js';

export type { RedisServer } from './server-process.js';

export interface RedisServerOptions {
  readonly password?: string;
  /** A cluster of this one node, which owns all slots. */
  readonly cluster?: boolean;
  /** Named by its URL; 0 when absent. */
  readonly database?: number;
  /** Further command line arguments, e.g. `['--maxmemory', '3mb']`. */
  readonly args?: readonly string[];
  /** Instead of this process' environment, e.g. to preload a library. */
  readonly env?: NodeJS.ProcessEnv;
  readonly place?: Place;
}

/** Starts a server on a free port and resolves when it answers. `REDIS_SERVER` names another binary to run. */
export function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  return startOnFreePort((port, directory) => ({
    ...(options.password === undefined ? {} : { password: options.password }),
    ...(options.cluster === true ? { cluster: true } : {}),
    ...(options.database === undefined ? {} : { database: options.database }),
    ...(options.env === undefined ? {} : { env: options.env }),
    ...(options.place === undefined ? {} : { place: options.place }),
    command: serverCommand(),
    args: [
      ...['--port', String(port), '--bind', options.place?.address ?? HERE.address, '--dir', directory],
      ...(options.place === undefined ? [] : ['--protected-mode', 'no']),
      ...['--save', '', '--appendonly', 'no', '--daemonize', 'no'],
      ...(options.password === undefined ? [] : ['--requirepass', options.password]),
      ...(options.cluster === true ? ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1'] : []),
      ...(options.args ?? []),
    ],
  }));
}
