import { DEPARTURES, HUNG, LEASES, LIVENESS, NORMAL, SELDOM } from './world/profile.js';
import { keepEveryPromise } from './worlds.suite.js';

keepEveryPromise([
  [NORMAL, 100],
  [LIVENESS, 100],
  [LEASES, 60],
  [HUNG, 50],
  [DEPARTURES, 30],
  [SELDOM, 30],
]);
