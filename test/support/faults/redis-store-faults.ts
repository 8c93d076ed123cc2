/** A server answers, and has forgotten something or refuses to write. */

import { redisKeys } from '#src/redis/scripts/redis-keys.js';
import { type RedisServer } from '../redis-server.js';
import { eventually, type Fault, faultOf } from './fault.js';
import {
  infoField,
  probe,
  refusalOf,
  setConfig,
  untilItKnowsSomething,
  untilRefused,
  untilWritable,
} from './redis-probe.js';

export function flushed(server: RedisServer): Fault {
  return faultOf({
    name: `redis ${server.port} flushed`,
    strike: async () => {
      await untilItKnowsSomething(server);
      return await probe(server, async (client) => {
        // In one transaction: a replica may write again at once.
        const replies = await client.multi().dbsize().flushall().dbsize().exec();
        const [before, , after] = (replies ?? []).map(([, reply]) => reply);
        if (before === 0) throw new Error('there was nothing to forget');
        if (after !== 0) throw new Error(`${after} keys are left`);
        return `${before} keys before, 0 after`;
      });
    },
  });
}

export function ledgerDeleted(server: RedisServer, namespace: string): Fault {
  return faultOf({
    name: `ledger of redis ${server.port} deleted`,
    strike: async () => {
      const count = await probe(server, (client) => client.del(redisKeys(namespace).ledger));
      if (count !== 1) throw new Error('there was no ledger');
      return 'DEL answered 1';
    },
  });
}

export function scriptsFlushed(server: RedisServer): Fault {
  return faultOf({
    name: `scripts of redis ${server.port} forgotten`,
    strike: () =>
      probe(server, async (client) => {
        const sha = String(await client.script('LOAD', 'return 1'));
        await client.script('FLUSH');
        if (String(await client.script('EXISTS', sha)) !== '0') throw new Error('a script is still known');
        return 'SCRIPT EXISTS answered 0';
      }),
  });
}

const FILLER_BYTES = 100_000;
const ROOM_BYTES = 1_000_000;
const MAX_FILLERS = 2_000;

/** maxmemory with allkeys-random, and keys that fill it, until the ledger was chosen. Stays under pressure until healed. */
export function evicted(server: RedisServer, namespace: string): Fault {
  const { ledger } = redisKeys(namespace);
  return faultOf({
    name: `ledger of redis ${server.port} evicted`,
    strike: async () => {
      if (!(await probe(server, (client) => client.exists(ledger)))) throw new Error('there is no ledger');
      const usedBytes = Number(await infoField(server, 'used_memory'));
      const victims = new Set<string>();
      const watcher = server.client();
      await setConfig(server, {
        'notify-keyspace-events': 'Ee',
        'maxmemory-policy': 'allkeys-random',
        maxmemory: String(usedBytes + ROOM_BYTES),
      });
      await watcher.psubscribe('__keyevent@*__:evicted');
      watcher.on('pmessage', (_, __, key) => victims.add(key));
      const fillers = await fillUntil(server, () => victims.has(ledger));
      watcher.disconnect();
      return `the server reports the eviction of ${ledger}, after ${fillers} keys of ${FILLER_BYTES} bytes`;
    },
    heal: async () => {
      await setConfig(server, {
        maxmemory: '0',
        'maxmemory-policy': 'noeviction',
        'notify-keyspace-events': '',
      });
      await probe(server, (client) =>
        client.del(Array.from({ length: MAX_FILLERS }, (_, index) => filler(index))),
      );
    },
  });
}

async function fillUntil(server: RedisServer, isMet: () => boolean): Promise<number> {
  return await probe(server, async (client) => {
    for (let index = 0; index < MAX_FILLERS; index += 1) {
      if (isMet()) return index;
      await client.set(filler(index), Buffer.alloc(FILLER_BYTES));
    }
    throw new Error(`not evicted by ${MAX_FILLERS} keys`);
  });
}

function filler(index: number): string {
  return `fault-filler:${index}`;
}

/** maxmemory with noeviction: reads go on, writes get OOM. */
export function outOfMemory(server: RedisServer): Fault {
  return faultOf({
    name: `redis ${server.port} out of memory`,
    strike: async () => {
      await setConfig(server, { 'maxmemory-policy': 'noeviction', maxmemory: '1' });
      return await untilRefused(server, 'OOM');
    },
    heal: async () => {
      await setConfig(server, { maxmemory: '0' });
      await untilWritable(server);
    },
  });
}

/** REPLICAOF a master that is not there: writes get READONLY. Healing gives it a new replication id. */
export function readOnly(server: RedisServer): Fault {
  return faultOf({
    name: `redis ${server.port} demoted to a replica`,
    strike: async () => {
      await probe(server, (client) => client.call('REPLICAOF', '127.0.0.1', '1'));
      return await untilRefused(server, 'READONLY');
    },
    heal: async () => {
      await probe(server, (client) => client.call('REPLICAOF', 'NO', 'ONE'));
      await untilWritable(server);
      await eventually('it is a master', async () => (await infoField(server, 'role')) === 'master');
    },
  });
}

/** The ACL no longer allows scripts: NOPERM, on open connections too. */
export function permissionsRevoked(server: RedisServer): Fault {
  const setUser = (rules: readonly string[]): Promise<unknown> =>
    probe(server, (client) => client.call('ACL', 'SETUSER', 'default', ...rules));
  return faultOf({
    name: `redis ${server.port} forbids scripts`,
    strike: async () => {
      await setUser(['-@scripting']);
      const word = await refusalOf(server, 'EVAL', 'return 1', '0');
      if (word !== 'NOPERM') throw new Error(`a script: ${word ?? 'done'}`);
      return 'a script is refused: NOPERM';
    },
    heal: async () => {
      await setUser(['+@all']);
      await eventually(
        'scripts run',
        async () => (await refusalOf(server, 'EVAL', 'return 1', '0')) === undefined,
      );
    },
  });
}
