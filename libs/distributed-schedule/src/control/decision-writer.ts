/** How a decision comes onto the board, and what is known before it is made. */

import { DistributedScheduleError } from '../protocol/contract/errors.js';
import { didYouMean } from '../protocol/options/closest-name.js';
import { harmlessValue, shownValue } from '../protocol/options/shown-value.js';
import { within } from '../protocol/time/within.js';
import { TimeoutSchedule } from '../protocol/timeouts/timeout.schedule.js';
import { twoApps } from './app-claims.js';
import type { ControlContext } from './control-context.js';
import type { PlannedTask } from './planned-task.js';

/** How long a call waits for this instance to have read the board after its start. */
const FIRST_READ_WITHIN_MS = 1_000;

export class DecisionWriter {
  constructor(private readonly context: ControlContext) {}

  /** @throws DistributedScheduleError DSCHED_UNKNOWN_TASK unless some instance has the task */
  requireKnown(name: string): PlannedTask {
    const planned = this.context.tasks().get(name);
    if (planned !== undefined) return planned;
    throw new DistributedScheduleError(
      'DSCHED_UNKNOWN_TASK',
      `there is no task ${shownValue(name)}: no version of this app that runs has it, and it was not added.` +
        didYouMean(name, this.context.tasks().keys()),
      { value: harmlessValue(name) },
    );
  }

  /** @throws DistributedScheduleError DSCHED_UNKNOWN_TASK; DSCHED_TWO_APPS, as no decision about another app's task would hold */
  requireOurs(name: string): PlannedTask {
    const planned = this.requireKnown(name);
    const { sets, app } = this.context;
    const rival = sets.rivalOf(name);
    if (rival !== undefined && planned.conditions.has('other_app')) throw twoApps(name, app, rival);
    return planned;
  }

  /** @throws DistributedScheduleError DSCHED_UNKNOWN_TASK, DSCHED_TWO_APPS; DSCHED_RUNS_ONCE for a timeout */
  requireRepeating(name: string): PlannedTask {
    const planned = this.requireOurs(name);
    if (!(planned.base instanceof TimeoutSchedule)) return planned;
    throw new DistributedScheduleError(
      'DSCHED_RUNS_ONCE',
      'it is a timeout, which runs once per deployment key and at no other time: nothing was written. To have it run again, ' +
        'deploy with another deploymentKey; to run its work whenever it is wanted, put @ExclusiveHandler({ name }) on a method ' +
        'that does it, and add a task for that with registry.add',
      { task: name, value: name },
    );
  }

  /** @throws DistributedScheduleError DSCHED_NOT_KEPT: a decision could contradict what stands on a board that was not read */
  async requireRead(task: string): Promise<void> {
    const { room, clock } = this.context;
    if (room.isStopped) throw closed(task, 'Nothing was written');
    if (room.isCurrent) return;
    await within(clock, clock.monotonicMs() + FIRST_READ_WITHIN_MS, room.whenCurrent, undefined);
    if (room.isCurrent) return;
    throw new DistributedScheduleError(
      'DSCHED_NOT_KEPT',
      'no majority of the nodes answers. Nothing was written: repeat the call when one does. A rejection that leaves ' +
        'onApplicationBootstrap ends the boot, so catch it there',
      { task },
    );
  }

  /** @throws DistributedScheduleError DSCHED_NOT_KEPT, DSCHED_BOARD_FULL */
  async write(task: string, key: string, record: object | undefined, ttlMs?: number): Promise<void> {
    const { room } = this.context;
    const { kind, acknowledged, nodes, full } = await (record === undefined
      ? room.delete(key)
      : room.put(key, JSON.stringify(record), ttlMs));
    if (kind === 'kept') return;
    const count = `${acknowledged} of ${nodes} nodes have acknowledged`;
    if (room.isStopped) throw closed(task, `${count} the decision; it may come to hold`);
    if (full > nodes - full) {
      const why = `${full} of ${nodes} nodes have no room for it`;
      throw new DistributedScheduleError('DSCHED_BOARD_FULL', why, { task });
    }
    throw new DistributedScheduleError(
      'DSCHED_NOT_KEPT',
      kind === 'unheard'
        ? `none of ${nodes} nodes has acknowledged it, and this instance does not act on it. It may still come to hold, if ` +
            'one of them has taken it and only its answer was lost'
        : `${count} it, no majority. It holds wherever one of these is reached and ` +
            'spreads as the others come back, but is lost if these lose their memory first',
      { task, value: acknowledged },
    );
  }
}

function closed(task: string, how: string): DistributedScheduleError {
  return new DistributedScheduleError(
    'DSCHED_NOT_KEPT',
    `this instance has closed, or is about to, and has left the nodes. ${how}`,
    { task },
  );
}
