/** What the runs of a task are handed. */

import type { ScheduledTask } from '../protocol/contract/tick-context.js';
import type { TriggerRecord } from './control-records.js';

/**
 * What a tick was triggered with, be it null; else what the task was added with. Each attempt gets a copy: what a handler changes in it is
 * gone with that attempt.
 */
export function payloadsOf(
  ofTask: unknown,
  triggers: readonly TriggerRecord[],
): Pick<ScheduledTask, 'payloadOf'> {
  if (ofTask === undefined && triggers.length === 0) return {};
  return {
    payloadOf: (tick) => {
      const triggered = triggers.find((one) => one.tick === tick)?.payload;
      return structuredClone(triggered === undefined ? ofTask : triggered);
    },
  };
}
