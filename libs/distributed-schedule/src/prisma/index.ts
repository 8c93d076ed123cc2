export { type PrismaSnapshotOptions, type PrismaTransaction, prismaSnapshots } from './prisma-snapshots.js';
