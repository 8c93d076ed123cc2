/** A server's process dies, or stands still. */

import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RedisServer } from '../redis-server.js';
import { connectOutcome } from './connect-outcome.js';
import { type Fault, faultOf } from './fault.js';
import {
  dumpFileOf,
  infoField,
  probe,
  requireSilence,
  untilAnswers,
  untilItKnowsSomething,
} from './redis-probe.js';

/** What a server knew at some time, to be started from later: a restored backup. */
export class OldDump {
  private constructor(
    readonly file: string,
    readonly keys: number,
  ) {}

  static async take(server: RedisServer): Promise<OldDump> {
    const file = join(mkdtempSync(join(tmpdir(), 'old-dump-')), 'dump.rdb');
    process.once('exit', () => rmSync(join(file, '..'), { recursive: true, force: true }));
    await untilItKnowsSomething(server);
    const keys = await probe(server, (client) => client.dbsize());
    await server.save();
    copyFileSync(await dumpFileOf(server), file);
    return new OldDump(file, keys);
  }
}

/** kill -9. When it heals it is back: with what was saved just before its death, with nothing, or with an old dump. */
export function crashed(server: RedisServer, memory: 'with memory' | 'empty' | OldDump): Fault {
  let file = '';
  let runId = '';
  let keys = 0;
  return faultOf({
    name: `redis ${server.port} killed, back ${memory instanceof OldDump ? 'from an old dump' : memory}`,
    strike: async () => {
      file = await dumpFileOf(server);
      runId = await infoField(server, 'run_id');
      const { pid } = server;
      if (memory === 'with memory') keys = (await OldDump.take(server)).keys;
      if (memory instanceof OldDump) keys = memory.keys;
      await server.kill();
      const outcome = await connectOutcome(server.port, new URL(server.url).hostname);
      if (outcome !== 'ECONNREFUSED') throw new Error(`a new connection: ${outcome}`);
      return `process ${pid} killed, connections refused`;
    },
    heal: async () => {
      if (server.pid !== undefined) return;
      if (memory !== 'with memory') rmSync(file, { force: true });
      if (memory instanceof OldDump) copyFileSync(memory.file, file);
      await server.start();
      await requireRestart(server, runId, keys > 0);
    },
  });
}

/** SIGSTOP: sockets stay open, the kernel still takes what is sent, nothing answers. */
export function frozen(server: RedisServer): Fault {
  return faultOf({
    name: `redis ${server.port} frozen`,
    strike: async () => {
      server.pause();
      return await requireSilence(server);
    },
    heal: async () => {
      server.resume();
      await untilAnswers(server);
    },
  });
}

async function requireRestart(server: RedisServer, oldRunId: string, hadKeys: boolean): Promise<void> {
  const loaded = Number(await infoField(server, 'rdb_last_load_keys_loaded'));
  if ((await infoField(server, 'run_id')) === oldRunId) throw new Error('it is the same process');
  if (loaded > 0 !== hadKeys) {
    throw new Error(`it came back with ${loaded} keys, though ${hadKeys ? 'some' : 'none'} were saved`);
  }
}
