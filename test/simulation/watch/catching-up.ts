/** Whether a run makes up for what was missed or left unfinished, with all that is due after it in line behind it. */

import type { SimulatedPolicies } from '../world/policies.js';
import type { Run } from './run.js';

/** @param lateLimitMs after which nobody may start a tick as its own */
export function isCatchingUp(
  { attempt, latenessMs }: Pick<Run, 'attempt' | 'latenessMs'>,
  { misfire }: Pick<SimulatedPolicies, 'misfire'>,
  lateLimitMs: number,
): boolean {
  return misfire === 'all' && (attempt > 1 || latenessMs > lateLimitMs);
}
