/** How a decision comes onto the board, and what is known before it is made. */

import type { BoardView } from '../protocol/board/board-room.js';
import { DistributedScheduleError } from '../protocol/contract/errors.js';
import type { Clock } from '../protocol/contract/ports.js';
import { didYouMean } from '../protocol/options/closest-name.js';
import { harmlessValue, shownValue } from '../protocol/options/shown-value.js';
import { TimeoutSchedule } from '../protocol/timeouts/timeout.schedule.js';
import { type AppClaim, twoApps } from './app-claims.js';
import type { PlannedTask } from './planned-task.js';

export interface DecisionParts {
  readonly board: BoardView;
  readonly clock: Clock;
  /** What is known now. */
  readonly tasks: () => ReadonlyMap<string, PlannedTask>;
  readonly app: string;
  /** Which other app that lives has a task of that name. */
  readonly rivalOf: (name: string) => AppClaim | undefined;
}

/** How long a call waits for this instance to have read the board after its start. */
const FIRST_READ_WITHIN_MS = 1_000;

export class Decisions {
  constructor(private readonly parts: DecisionParts) {}

  /**
   * A task that some instance has.
   * @throws DistributedScheduleError DSCHED_UNKNOWN_TASK
   */
  requireKnown(name: string): PlannedTask {
    const planned = this.parts.tasks().get(name);
    if (planned !== undefined) return planned;
    throw new DistributedScheduleError(
      'DSCHED_UNKNOWN_TASK',
      `there is no task ${shownValue(name)}: no version of this app that runs has it, and it was not added.` +
        didYouMean(name, this.parts.tasks().keys()),
      { value: harmlessValue(name) },
    );
  }

  /**
   * A task that this app runs: of one whose name is another app's, nothing that is decided here would ever hold.
   * @throws DistributedScheduleError DSCHED_UNKNOWN_TASK, DSCHED_TWO_APPS
   */
  requireOurs(name: string): PlannedTask {
    const planned = this.requireKnown(name);
    const rival = this.parts.rivalOf(name);
    if (rival !== undefined && planned.conditions.has('other_app'))
      throw twoApps(name, this.parts.app, rival);
    return planned;
  }

  /**
   * A task that can be due another time than it was meant to be.
   * @throws DistributedScheduleError DSCHED_UNKNOWN_TASK, DSCHED_TWO_APPS, DSCHED_RUNS_ONCE
   */
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

  /**
   * Before the board has been read, what is decided could contradict what stands there.
   * @throws DistributedScheduleError DSCHED_NOT_KEPT
   */
  async requireRead(task: string): Promise<void> {
    const { board, clock } = this.parts;
    if (board.isStopped) throw closed(task, 'Nothing was written');
    if (board.isCurrent) return;
    const timer = new AbortController();
    await Promise.race([
      board.whenCurrent,
      clock.sleepUntil(clock.monotonicMs() + FIRST_READ_WITHIN_MS, timer.signal),
    ]);
    timer.abort('read');
    if (board.isCurrent) return;
    throw new DistributedScheduleError(
      'DSCHED_NOT_KEPT',
      'no majority of the nodes answers. Nothing was written: repeat the call when one does. A rejection that leaves ' +
        'onApplicationBootstrap ends the boot, so catch it there',
      { task },
    );
  }

  /**
   * Writes a record, or deletes it.
   * @throws DistributedScheduleError DSCHED_NOT_KEPT, DSCHED_BOARD_FULL
   */
  async write(task: string, key: string, record: object | undefined, ttlMs?: number): Promise<void> {
    const { board } = this.parts;
    const { kind, acknowledged, nodes, full } = await (record === undefined
      ? board.delete(key)
      : board.put(key, JSON.stringify(record), ttlMs));
    if (kind === 'kept') return;
    if (board.isStopped) {
      throw closed(
        task,
        `${acknowledged} of ${nodes} nodes have acknowledged the decision; it may come to hold`,
      );
    }
    if (full > nodes - full) {
      throw new DistributedScheduleError(
        'DSCHED_BOARD_FULL',
        `${full} of ${nodes} nodes have no room for it`,
        {
          task,
        },
      );
    }
    throw new DistributedScheduleError(
      'DSCHED_NOT_KEPT',
      kind === 'unheard'
        ? `none of ${nodes} nodes has acknowledged it, and this instance does not act on it. It may still come to hold, if ` +
            'one of them has taken it and only its answer was lost'
        : `${acknowledged} of ${nodes} nodes have acknowledged it, no majority. It holds wherever one of these is reached and ` +
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
