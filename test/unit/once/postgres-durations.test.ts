import { type PostgresSnapshotOptions, postgresSnapshots } from 'nestjs-distributed-schedule/postgres';
import { describe, expect, it } from 'vitest';
import { resolvePostgresSettings } from '#src/postgres/postgres-snapshot-settings.js';

const open = (given: Partial<PostgresSnapshotOptions>): unknown =>
  postgresSnapshots({ postgres: 'postgres://db/shop', ...given });

describe('the durations of the snapshots in PostgreSQL', () => {
  it.each([
    { lockWaitMs: 5_000, takeoverMs: 5_000 },
    { lockWaitMs: 5_000, takeoverMs: 200 },
    { lockWaitMs: 60_000 },
  ])('are refused where an attempt would be ended while it waits for another one: %o', (given) => {
    const { lockWaitMs, takeoverMs = 60_000 } = given as { lockWaitMs: number; takeoverMs?: number };
    expect(() => open(given)).toThrow(
      expect.objectContaining({
        code: 'DSCHED_BAD_OPTION',
        value: lockWaitMs,
        message: expect.stringMatching(
          new RegExp(`lockWaitMs \\(${lockWaitMs}\\).*takeoverMs \\(${takeoverMs}\\).*(Lower|Raise)`, 's'),
        ),
      }),
    );
  });

  it('are taken where a silent attempt outlives the wait for it', () => {
    expect(() => open({ lockWaitMs: 199, takeoverMs: 200 })).not.toThrow();
    expect(() => open({})).not.toThrow();
  });

  it('have a wait by default that fits the takeover', () => {
    expect(resolvePostgresSettings({}).lockWaitMs).toBe(2_000);
    expect(resolvePostgresSettings({ takeoverMs: 1_500 }).lockWaitMs).toBe(750);
    expect(() => open({ takeoverMs: 2 })).not.toThrow();
    expect(() => open({ takeoverMs: 1 })).toThrow(/DSCHED_BAD_OPTION/);
  });

  it.each(['lockWaitMs', 'takeoverMs', 'schema', 'table'])('are never null, as JSON has it: %s', (name) => {
    expect(() => open({ [name]: null })).toThrow(`option ${name} of the PostgreSQL snapshots is null`);
  });
});
