/** Test kit: run the real scheduler on a clock that you move by hand. */

export { ManualClock } from './manual-clock.js';
export { type JoinOptions, type Member, MemoryCluster, type MemoryClusterOptions } from './memory-cluster.js';
export { SeededRandom } from './seeded-random.js';
