/** Snapshots in PostgreSQL through Drizzle. */

export {
  type DrizzleSnapshotOptions,
  type DrizzleTransaction,
  drizzleSnapshots,
} from './drizzle-snapshots.js';
