/** What Redis' own benchmark sends to one master. */

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isExecutable, programFolders } from '../../../scripts/ensure-server.mjs';
import { startRedis } from '../../support/redis-server.js';
import { figuresOfCsv } from './figures.js';
import type { Floor } from './floor.js';

const CLIENTS = 50;
const PIPELINED = 100;
/** It takes a number of requests, not a time: so many of the pipelined ones, and a tenth of them one by one, last about a millisecond. */
const REQUESTS_PER_MS = 500;
const ONE_BY_ONE_SHARE = 0.1;

/** @returns undefined where the program is not installed */
export async function measureRedisBenchmark(forMs: number): Promise<readonly Floor[] | undefined> {
  const program = programFolders()
    .map((folder) => join(folder, 'redis-benchmark'))
    .find(isExecutable);
  if (program === undefined) return undefined;
  const master = await startRedis();
  const measure = async (pipelined: number): Promise<Floor> => {
    const requests = Math.ceil(REQUESTS_PER_MS * forMs * (pipelined === 1 ? ONE_BY_ONE_SHARE : 1));
    const sizes = { '-c': CLIENTS, '-P': pipelined, '-n': requests };
    const args = Object.entries(sizes).flatMap(([option, size]) => [option, String(size)]);
    const { stdout } = await promisify(execFile)(program, [
      ...['-p', String(master.port), '-t', 'set', '--csv'],
      ...args,
    ]);
    return {
      name:
        pipelined === 1 ? 'redis-benchmark, 1 master' : `redis-benchmark, ${pipelined} a message, 1 master`,
      about: `a SET of its own client, ${CLIENTS} clients`,
      figures: figuresOfCsv(stdout),
    };
  };
  try {
    return [await measure(1), await measure(PIPELINED)];
  } finally {
    await master.stop();
  }
}
