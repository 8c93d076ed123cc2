/** Snapshots and fences in PostgreSQL, for which the package `pg` is needed. */

export type { FenceRepeat, FenceVerdict } from '../once/fence.js';
export type { FencedRows, FencedUpdateVerdict } from './fenced-rows.js';
export { type FencedUpdate, fencedUpdate, fenceSql } from './fenced-update.js';
export { migrationSql, type SnapshotTable } from './migration.js';
export type { IsolationLevel, PostgresSnapshotSettings } from './postgres-snapshot-settings.js';
export { PostgresSnapshotStore } from './postgres-snapshot-store.js';
export { type PostgresInput, type PostgresSnapshotOptions, postgresSnapshots } from './postgres-snapshots.js';
export { type PruneOptions, pruneSnapshots } from './prune-snapshots.js';
export type { Queryable } from './queryable.js';
export { type TransactionSnapshotOptions, transactionSnapshots } from './transaction-snapshots.js';
export type { DriverClient, TransactionConnection, Transactions } from './transactions.js';
