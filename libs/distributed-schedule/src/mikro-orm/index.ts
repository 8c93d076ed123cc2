export { type MikroOrmSnapshotOptions, mikroOrmSnapshots } from './mikro-orm-snapshots.js';
