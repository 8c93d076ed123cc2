/** What cron tasks missed over a weekend on which no instance was there, counted by the first one that comes back. */

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AuditParts } from '#src/protocol/audit/audit-source.js';
import { MissedWhileDown } from '#src/protocol/audit/missed-while-down.js';
import type { DueTick } from '#src/protocol/contract/due-tick.js';
import type { ScheduledTask } from '#src/protocol/contract/tick-context.js';
import { toAnswer } from '#src/protocol/ledger/line-past.js';
import { SystemClock } from '#src/system/system-clock.js';
import { CronSchedule } from '#src/tasks/cron.schedule.js';
import { type Computing, watchComputing } from './cpu-watch.js';

const WEEKEND_MS = 64 * 3_600_000;
const UNTIL_DECIDED_MS = 5_000;

export async function countWeekend(tasks: number): Promise<Computing & { readonly missed: number }> {
  let passedMs = 0;
  const nowMs = (): number => Date.now() + passedMs;
  const scheduled = Array.from({ length: tasks }, (_, index) => everyMinute(index));
  const downSinceMs = nowMs() - WEEKEND_MS;
  let missed = 0;
  const parts = {
    instanceId: 'first',
    clock: new SystemClock(),
    stopped: new AbortController().signal,
    clusterClock: { nowMs },
    members: () => ['first'],
    beat: async (dues: readonly DueTick[]) =>
      dues.map(({ task }) => toAnswer({ kind: 'open', newest: task.schedule.nextAfter(downSinceMs) ?? 0 })),
  };
  const lookup = {
    tasks: () => scheduled,
    taskOf: (name: string) => scheduled.find((task) => task.name === name),
  };
  const audit = new MissedWhileDown(parts as unknown as AuditParts, lookup, ({ ticks }) => {
    missed += ticks;
  });
  const computing = watchComputing();
  await audit.start(nowMs());
  passedMs = UNTIL_DECIDED_MS;
  while (Number.isFinite(audit.nextMs)) {
    audit.look();
    await nextTurn();
  }
  return { ...computing(), missed };
}

function everyMinute(index: number): ScheduledTask {
  const cronTime = `${index % 60} * * * * *`;
  const timeZone = index % 2 === 0 ? 'Europe/Berlin' : 'America/New_York';
  const schedule = new CronSchedule(`chore ${index}`, {
    kind: 'cron',
    cronTime,
    timeZone,
    utcOffset: undefined,
  });
  return { name: `chore ${index}`, schedule, handler: () => undefined };
}
