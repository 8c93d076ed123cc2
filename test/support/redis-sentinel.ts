import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type RedisServer, serverCommand, startOnFreePort } from './server-process.js';

export interface SentinelOptions {
  readonly masterName: string;
  readonly masterPort: number;
  /** How many sentinels must agree that the master is down. Default 1. */
  readonly quorum?: number;
  readonly args?: readonly string[];
}

/** Starts a sentinel that watches one master. */
export function startSentinel(options: SentinelOptions): Promise<RedisServer> {
  return startOnFreePort((port, directory) => {
    const file = join(directory, 'sentinel.conf');
    const name = options.masterName;
    const lines = [
      `port ${port}`,
      'bind 127.0.0.1',
      `dir ${directory}`,
      `sentinel monitor ${name} 127.0.0.1 ${options.masterPort} ${options.quorum ?? 1}`,
      `sentinel down-after-milliseconds ${name} 500`,
      `sentinel failover-timeout ${name} 2000`,
    ];
    writeFileSync(file, `${lines.join('\n')}\n`);
    // Not `redis-sentinel`: Debian ships that name in another package, though it is the same program.
    return { command: serverCommand(), args: [file, '--sentinel', ...(options.args ?? [])] };
  });
}
