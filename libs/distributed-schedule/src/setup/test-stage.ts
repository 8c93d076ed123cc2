import type { Clock, Random } from '../protocol/contract/ports.js';

/**
 * What a test puts in the place of time, chance and the store. Provided by the module of the test kit, which stands above
 * this folder; where it is there, the app keeps away from every real node.
 */
export interface TestStage {
  readonly clock: Clock;
  readonly random: Random;
}
