/** Real time for the test kit, kept at load: fake timers come later and do not reach it. */

import { performance as realPerformance } from 'node:perf_hooks';
import { setImmediate as nodeImmediate, setTimeout as nodeTimeout } from 'node:timers';

// Kept at load: compiled to CommonJS, an imported name would be looked up at each call.
const setRealImmediate = nodeImmediate;
const setRealTimeout = nodeTimeout;
const realNow = realPerformance.now.bind(realPerformance);

export function realMs(): number {
  return realNow();
}

/** After the callbacks that wait now, and the promises that they settle. */
export function realTurn(): Promise<void> {
  return new Promise((resolve) => void setRealImmediate(resolve));
}

export function realSleep(durationMs: number): Promise<void> {
  return new Promise((resolve) => void setRealTimeout(resolve, durationMs));
}
