/** Where every instance bids for every tick, so that the ledger alone decides. */

import { CLOCKS, IDENTITY, PRUNING, SETS, TORTURE } from './world/profile.js';
import { keepEveryPromise } from './worlds.suite.js';

keepEveryPromise([
  [TORTURE, 80],
  [IDENTITY, 60],
  [SETS, 60],
  [CLOCKS, 60],
  [PRUNING, 50],
]);
