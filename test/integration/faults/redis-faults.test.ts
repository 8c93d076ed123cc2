import { beforeEach, describe, expect, it } from 'vitest';
import { redisKeys } from '#src/redis/scripts/redis-keys.js';
import type { Fault } from '../../support/faults/fault.js';
import { crashed, frozen, OldDump } from '../../support/faults/redis-crash-faults.js';
import { diskFull, dumpObstructed, TinyDisk } from '../../support/faults/redis-disk-faults.js';
import { refusalOf } from '../../support/faults/redis-probe.js';
import {
  asleep,
  busyScript,
  clientsKilled,
  DEBUG_ARGS,
  idleTimeout,
  paused,
} from '../../support/faults/redis-stall-faults.js';
import {
  evicted,
  flushed,
  ledgerDeleted,
  outOfMemory,
  permissionsRevoked,
  readOnly,
  scriptsFlushed,
} from '../../support/faults/redis-store-faults.js';
import { type RedisServer, startRedis } from '../../support/redis-server.js';
import { ownRedis, sharedRedis } from '../../support/shared-servers.js';

const NAMESPACE = 'demo';
/** Longer than it takes to connect anew on a slow machine: that connection is to find no answer. */
const OUTLASTING_MS = 2_000;
const LEDGER = redisKeys(NAMESPACE).ledger;
const server = sharedRedis({ args: DEBUG_ARGS });

beforeEach(async () => {
  await server.client().flushall();
  await server.client().hset(LEDGER, 'task', '1');
});

const ledger = (): Promise<string | null> => server.client().hget(LEDGER, 'task');
const usable = async (): Promise<boolean> => (await refusalOf(server, 'SET', 'x', '1')) === undefined;

async function strikeAndHeal(fault: Fault, evidence: RegExp): Promise<void> {
  expect(fault.unavailable()).toBeUndefined();
  expect(await fault.strike()).toMatch(evidence);
  await fault.heal();
  expect(await usable()).toBe(true);
}

describe('a server that dies', () => {
  it('comes back with what it knew, with nothing, or with an old dump', async () => {
    const old = await OldDump.take(server);
    await server.client().hset(LEDGER, 'task', '2');
    await strikeAndHeal(crashed(server, 'with memory'), /killed, connections refused/);
    expect(await ledger()).toBe('2');
    await strikeAndHeal(crashed(server, old), /killed/);
    expect(await ledger()).toBe('1');
    await strikeAndHeal(crashed(server, 'empty'), /killed/);
    expect(await ledger()).toBe(null);
  });
});

describe('a server that does not serve', () => {
  it.each<[string, (redis: RedisServer) => Fault, RegExp]>([
    ['is frozen', frozen, /PING unanswered/],
    ['pauses all commands', (redis) => paused(redis, 'ALL', OUTLASTING_MS), /PING unanswered/],
    ['pauses writes', (redis) => paused(redis, 'WRITE', 15_000), /write is unanswered .* PING is answered/],
    ['sleeps', (redis) => asleep(redis, OUTLASTING_MS), /PING unanswered/],
    ['is busy with a script', busyScript, /BUSY/],
    ['closes all connections', (redis) => clientsKilled(redis), /^[1-9]\d* connections/],
    ['closes idle connections', (redis) => idleTimeout(redis, 1), /idle connection was closed/],
  ])('%s, and recovers', async (_, make, evidence) => {
    await strikeAndHeal(make(server), evidence);
    expect(await ledger()).toBe('1');
  });

  it('says what it lacks for DEBUG SLEEP', async () => {
    const plain = await ownRedis();
    await expect(asleep(plain, 100).strike()).rejects.toThrow(/start with DEBUG_ARGS/);
  });
});

describe('a server that forgets', () => {
  it.each<[string, (redis: RedisServer) => Fault, RegExp]>([
    ['everything', flushed, /^[1-9]\d* keys before, 0 after/],
    ['the ledger', (redis) => ledgerDeleted(redis, NAMESPACE), /DEL answered 1/],
    ['the ledger by eviction', (redis) => evicted(redis, NAMESPACE), /eviction of {demo}:ledger/],
  ])('%s', async (_, make, evidence) => {
    await strikeAndHeal(make(server), evidence);
    expect(await ledger()).toBe(null);
  });

  it('its scripts', async () => {
    await strikeAndHeal(scriptsFlushed(server), /answered 0/);
  });
});

describe('a server with nothing to lose', () => {
  it('is not taken for one that forgot, kept its memory, or lost its clients', async () => {
    const idle = await ownRedis();
    await expect(flushed(idle).strike()).rejects.toThrow(/has keys: not seen/);
    await expect(crashed(idle, 'with memory').strike()).rejects.toThrow(/has keys: not seen/);
    await expect(clientsKilled(idle).strike()).rejects.toThrow(/no connection to close/);
    await idle.client().ping();
    await expect(clientsKilled(idle, 1).strike()).rejects.toThrow('only 0 subscriptions were closed');
  });
});

describe('a server that refuses', () => {
  it.each<[string, (redis: RedisServer) => Fault, RegExp]>([
    ['writes without memory', outOfMemory, /OOM/],
    ['writes as a replica', readOnly, /READONLY/],
    ['writes as it cannot save', dumpObstructed, /MISCONF/],
    ['scripts', permissionsRevoked, /NOPERM/],
  ])('%s', async (_, make, evidence) => {
    await strikeAndHeal(make(server), evidence);
    expect(await ledger()).toBe('1');
  });

  it('writes on a full disk', async (ctx) => {
    const unavailable = TinyDisk.unavailable();
    if (unavailable !== undefined) ctx.skip(unavailable);
    const disk = TinyDisk.mount();
    const other = await startRedis({ args: disk.args });
    const fault = diskFull(other, disk);
    expect(await fault.strike()).toMatch(/ENOSPC.*MISCONF/);
    await fault.heal();
    expect(await other.client().set('x', '1')).toBe('OK');
    await other.stop();
    disk.unmount();
  });
});
