/** Snapshots in PostgreSQL through Knex. */

export { type KnexSnapshotOptions, knexSnapshots } from './knex-snapshots.js';
