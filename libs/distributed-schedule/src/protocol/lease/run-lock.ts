/** Which lock a run needs. */

import type { ScheduledTask } from '../contract/tick-context.js';

/** No name of a task has braces, so the lock of a tick is never that of another task. */
const OPEN = '{';

/** The task's one lock; with `overlap: 'allow'` one of its own for each tick, which only shows that its holder is alive. */
export function runLockOf({ name, policies }: ScheduledTask, tick: number): string {
  return policies?.overlap === 'allow' ? `${name}${OPEN}${tick}}` : name;
}

export function taskOfRunLock(lock: string): string {
  const end = lock.indexOf(OPEN);
  return end < 0 ? lock : lock.slice(0, end);
}
