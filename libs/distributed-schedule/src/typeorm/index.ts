/** Snapshots in PostgreSQL through TypeORM. */

export { type TypeormSnapshotOptions, typeormSnapshots } from './typeorm-snapshots.js';
