import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { requireRedisSources } from '#src/redis/connection/redis-input.js';
import { openConnection } from '#src/redis/connection/strict-connection.js';
import { RedisSnapshotStore } from '#src/redis/once/redis-snapshot-store.js';
import { ManualClock } from '#src/testing/manual-clock.js';

const [source] = requireRedisSources(['redis://me:hush@secret.host:6379/0'], 0);
const platform = { clock: new ManualClock(), random: { next: () => 0, id: () => 'id' } };
const logged = (value: unknown): string => inspect(value, { depth: 20, showHidden: true });

describe('who logs', () => {
  it('a connection sees neither password nor host', () => {
    if (source === undefined) throw new Error('no source');
    const connection = openConnection(source, { ...platform, connectionName: 'test', commandTimeoutMs: 1 });
    expect(logged(connection)).toContain('ConfirmedConnection');
    expect(logged(connection)).not.toMatch(/hush|secret\.host/);
    expect(JSON.stringify(connection)).not.toMatch(/hush|secret\.host/);
  });

  it('a snapshot store sees neither password nor host', () => {
    if (source === undefined) throw new Error('no source');
    const settings = { namespace: 'app', takeoverMs: 1, ttlMs: 1, timeoutMs: 1, waitReplicas: 0 };
    const store = new RedisSnapshotStore(source, platform, settings);
    expect(logged(store)).toContain('RedisSnapshotStore');
    expect(logged(store)).not.toMatch(/hush|secret\.host/);
  });
});
