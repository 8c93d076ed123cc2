export { type KnexSnapshotOptions, knexSnapshots } from './knex-snapshots.js';
