import { DistributedScheduleError } from '../protocol/contract/errors.js';
import type { OptionCheck, OptionSpec } from '../protocol/options/option-spec.js';
import { quotedName } from './quoted-name.js';

export interface SnapshotTable {
  /** Default `public`: the table must not depend on a connection's search_path. */
  readonly schema?: string;
  /** Default `distributed_schedule_snapshot`. Its type is named like it, with `_status`. */
  readonly table?: string;
}

const NAME: OptionCheck = { takes: 'a name', accepts: () => true };

/** Their names; whether a database can have them is checked by {@link tableNames}. */
export const TABLE: OptionSpec<SnapshotTable> = { schema: NAME, table: NAME };

export interface TableNames {
  readonly table: string;
  readonly statusType: string;
  readonly endedIndex: string;
}

const DEFAULT_SCHEMA = 'public';
const DEFAULT_TABLE = 'distributed_schedule_snapshot';
/** With the longest of the endings that are put to it, a name stays within the 63 bytes of PostgreSQL. */
const MAX_TABLE_BYTES = 55;

/** @throws DistributedScheduleError DSCHED_BAD_OPTION when a name cannot be one */
export function tableNames({
  schema = DEFAULT_SCHEMA,
  table = DEFAULT_TABLE,
}: SnapshotTable = {}): TableNames {
  quotedName('schema', schema);
  quotedName('table', table);
  if (Buffer.byteLength(table) > MAX_TABLE_BYTES) {
    throw new DistributedScheduleError(
      'DSCHED_BAD_OPTION',
      `option table is longer than ${MAX_TABLE_BYTES} bytes, so its index would have no name`,
      { value: table },
    );
  }
  return {
    table: quotedName('table', [schema, table]),
    statusType: quotedName('table', [schema, `${table}_status`]),
    endedIndex: quotedName('table', `${table}_ended`),
  };
}

/** Makes what is missing, all or nothing. The advisory lock keeps two instances from both finding nothing. */
export function migrationSql(names: SnapshotTable = {}): string {
  const { table, statusType, endedIndex } = tableNames(names);
  return `
DO $migration$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('nestjs-distributed-schedule', 0));
  IF to_regtype(${literal(statusType)}) IS NULL THEN
    CREATE TYPE ${statusType} AS ENUM ('pending', 'success', 'failed');
  END IF;
  -- CREATE ... IF NOT EXISTS asks for the right to create even where there is nothing to create.
  IF to_regclass(${literal(table)}) IS NULL THEN
    CREATE TABLE ${table} (
      job_id CHAR(32) PRIMARY KEY,
      status ${statusType} NOT NULL,
      snapshot JSONB NOT NULL,
      updated_at TIMESTAMPTZ NOT NULL
    );
    CREATE INDEX ${endedIndex} ON ${table} (updated_at) WHERE status <> 'pending';
  END IF;
  -- Part of what the store is told by, so that a cache answers for no other one. The comment of the type: that of the table is yours.
  IF obj_description(to_regtype(${literal(statusType)}), 'pg_type') IS NULL
    AND pg_has_role((SELECT typowner FROM pg_type WHERE oid = to_regtype(${literal(statusType)})), 'USAGE') THEN
    EXECUTE format('COMMENT ON TYPE %s IS %L', ${literal(statusType)},
      'snapshots of nestjs-distributed-schedule, store ' || md5(random()::text || clock_timestamp()::text || pg_backend_pid()::text));
  END IF;
END
$migration$`.trim();
}

/** A text in SQL. The delimiter of the block could stand in a name. */
function literal(text: string): string {
  if (text.includes('$migration$')) {
    const message = 'option table has $migration$ in it';
    throw new DistributedScheduleError('DSCHED_BAD_OPTION', message, { value: 'table' });
  }
  return `'${text.replaceAll("'", "''")}'`;
}
