export { type TypeormSnapshotOptions, typeormSnapshots } from './typeorm-snapshots.js';
