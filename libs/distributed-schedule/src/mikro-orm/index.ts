/** Snapshots in PostgreSQL through MikroORM. */

export { type MikroOrmSnapshotOptions, mikroOrmSnapshots } from './mikro-orm-snapshots.js';
