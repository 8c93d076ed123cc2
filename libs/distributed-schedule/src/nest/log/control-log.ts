import type { Logger } from '@nestjs/common';
import type { ControlCondition, ScheduleEvent } from '../../protocol/contract/observer.js';

type ControlEvent = Extract<ScheduleEvent, { readonly type: 'control' }>;

const WORTH_A_WARNING: ReadonlySet<ControlCondition> = new Set([
  'follows_newer',
  'left_to_newer',
  'other_app',
  'name_shared',
  'left_alone',
  'unusable',
]);

/** What is said when a condition begins, and when it ends. */
const WORDS: Readonly<Record<ControlCondition, readonly [begins: string, ends: string]>> = {
  paused: ['is paused', 'is no longer paused'],
  rescheduled: ['has another schedule', 'has its own schedule again'],
  follows_newer: ['follows a newer version of the app', 'follows its definition here again'],
  left_to_newer: ['is left to the instances of a newer version', 'is no longer left to a newer version'],
  other_app: ['is left to another app', 'is no longer left to another app'],
  name_shared: ['has a name that another app uses', 'has its name to itself again'],
  elsewhere: ['is left to other instances', 'is no longer left to other instances'],
  left_alone: ['is left alone by this instance', 'is no longer left alone by this instance'],
  unusable: [
    'is left alone: the schedule that was decided cannot be used here',
    'is no longer left alone for its schedule',
  ],
};

/** What the log says of tasks that are not, or no longer, what the code defines. */
export function logControl(
  logger: Pick<Logger, 'log' | 'warn' | 'debug'>,
  { task, condition, isActive, detail }: ControlEvent,
): void {
  const [begins, ends] = WORDS[condition];
  const line = isActive ? `Task '${task}' ${begins}: ${detail}.` : `Task '${task}' ${ends}.`;
  // Instances of one app may have different tasks: nothing is wrong with that.
  if (condition === 'elsewhere') logger.debug(line);
  else if (isActive && WORTH_A_WARNING.has(condition)) logger.warn(line);
  else logger.log(line);
}
