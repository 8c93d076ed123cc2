export {
  type DrizzleSnapshotOptions,
  type DrizzleTransaction,
  drizzleSnapshots,
} from './drizzle-snapshots.js';
