/** Exceptions are for misconfiguration and bugs. What a busy cluster does every day is a value, see outcome.ts and ports.ts. */

/** Every code with what it means and what to do. docs/errors.md is held equal to this list by a test. */
export const ERROR_CODES = {
  DSCHED_UNKNOWN_OPTION: 'An option name that does not exist. Check its spelling against the option table.',
  DSCHED_BAD_OPTION: 'An option has a value of the wrong type or outside its range.',
  DSCHED_DURATIONS: 'Durations contradict each other. The message shows the relation with its numbers.',
  DSCHED_BAD_REDIS: 'An entry of `redis` is neither an URL, nor ioredis options, nor an ioredis client.',
  DSCHED_MEMORY_IN_PRODUCTION:
    'The memory backend, which every replica has for itself, where NODE_ENV is production. Pass redis, or memory: true.',
  DSCHED_NO_NAMESPACE:
    'A store that others can reach was given without a namespace, which says whose data is whose. Pass namespace.',
  DSCHED_NO_APP: 'Nothing says which application this is: no option app, and no package.json that names one.',
  DSCHED_EVEN_NODES:
    'An even number of Redis nodes, which tolerates no more failures than one node less. Allowed only as a step of a change.',
  DSCHED_SAME_NODE_TWICE: 'One Redis master was given twice. It would have two votes.',
  DSCHED_UNSUPPORTED_STORE:
    'A Redis node lacks a command or a version that the scripts need. It gives no vote.',
  DSCHED_CLOCK_SKEW:
    'The clock of a Redis node differs from that of this machine by more than refuseSkewMs, or is not right yet for raiseEpoch.',
  DSCHED_DATABASE_REFUSED:
    'A Redis server does not confirm the database that is asked for. It is not used until it does.',
  DSCHED_CREDENTIALS_REFUSED:
    'A Redis server does not confirm the user and the password. It is not used until it does.',
  DSCHED_NODE_SET_CONFLICT:
    'Another set of nodes, or another lease.ttlMs, is in use or on record under this namespace. This instance does not bid beside it.',
  DSCHED_WRONG_SERVER:
    'At the address of a node this instance meets another server than the others. It gives no vote here.',
  DSCHED_PROTOCOL_VERSION:
    'A node carries the records of another version of the protocol. It gives no vote to this one.',
  DSCHED_NODE_SET_OUTDATED:
    'A newer generation of the node set is in use. This instance has stopped bidding.',
  DSCHED_BAD_SCHEDULE:
    'A cron expression, a time zone, an interval or a timeout that cannot be understood, or an atMs that is over.',
  DSCHED_UNSTABLE_NAME: 'A task has no stable name, or one that is empty or too long. Pass { name }.',
  DSCHED_DUPLICATE_TASK:
    'Two methods use the same name. Names are the identity of a task in the cluster, and of what added tasks run.',
  DSCHED_TWO_APPS:
    'Another application of the namespace has a task of this name, and had it first. Rename one, or part the namespaces.',
  DSCHED_NOT_A_METHOD: 'An exclusive decorator stands on something that is not a method.',
  DSCHED_REQUEST_SCOPED:
    'An exclusive method is in a request-scoped or transient provider, which no tick can reach.',
  DSCHED_NO_SCHEDULE:
    'A method is marked @Exclusive() but carries no @Cron, @Interval or @Timeout to make exclusive.',
  DSCHED_NO_DEPLOYMENT_KEY:
    'A timeout runs once per deployment, and nothing says which deployment this is. Pass deploymentKey.',
  DSCHED_SECOND_FOR_ROOT:
    'DistributedScheduleModule.forRoot was imported twice. Import it once, in the root module.',
  DSCHED_NO_FOR_ROOT:
    'DistributedScheduleModule was imported without forRoot. Import it with forRoot once, in the root module.',
  DSCHED_BOARD_LIMIT:
    'A record for the board is too large, or its key cannot be used. Keep the data elsewhere and pass a reference.',
  DSCHED_BOARD_FULL:
    'A node keeps as many records of the board as it may. Remove tasks that were added at run time and are not used.',
  DSCHED_BOARD_LOST:
    'A node has lost its records of the board, or was away for so long that they cannot be trusted. The instances put them again.',
  DSCHED_NOT_KEPT:
    'A decision was not acknowledged by a majority of the nodes, or came before onApplicationBootstrap or after close. Repeat it.',
  DSCHED_UNKNOWN_HANDLER:
    'No method is marked @ExclusiveHandler with that name on this instance, and no task has it.',
  DSCHED_NOT_REMOVABLE: 'A task that stands in the code cannot be removed at run time. Pause it.',
  DSCHED_RUNS_ONCE: 'A timeout runs once per deployment key: it can be neither triggered nor rescheduled.',
  DSCHED_NO_ROOM: 'A task is due, or triggered, so often that no instant is left for a triggered tick.',
  DSCHED_TASK_DISABLED:
    'A task was triggered through an instance on which it is switched off. Use one on which it is switched on.',
  DSCHED_NOBODY_RUNS:
    'A task was triggered, and no instance is seen that would run it. Start one, or switch this one on.',
  DSCHED_MIRRORED_JOB:
    'A job of SchedulerRegistry that only shows an exclusive task was to be changed. Use DistributedScheduleRegistry.',
  DSCHED_LAZY_TASK:
    'A module with exclusive methods was loaded when the app had booted. Import it in a module that is there at boot.',
  DSCHED_UNKNOWN_TASK: 'No task of that name is registered on this instance.',
  DSCHED_NO_CURRENT_TICK: 'currentTick() was called outside the run of an exclusive method.',
  DSCHED_TIMED_OUT: 'A run took longer than the timeoutMs of its task. Its signal has aborted.',
  DSCHED_GIVEN_UP:
    'A run took longer than the giveUpAfterMs of its task. Its signal has aborted, and later ticks run beside it.',
  DSCHED_CANCELLED: "A later tick has come due, and overlap: 'cancel_other' ends the run for it.",
  DSCHED_LEASE_LOST:
    'The lease of a run can no longer be trusted. Stop writing; another instance may take over.',
  DSCHED_BAD_KEY: 'A key of runOnce is not a text of 1 to 512 characters.',
  DSCHED_KEY_REUSED: 'A key of runOnce came with another input than before. Each unit of work needs its own.',
  DSCHED_JOB_PENDING: 'Another attempt is at this job. It is not done, and the effect did not run here.',
  DSCHED_JOB_SUPERSEDED: 'A later attempt has taken this job over. Stop writing.',
  DSCHED_JOB_NESTED:
    'runOnce was called for a job inside the effect of that very job, which would wait for itself.',
  DSCHED_POOL_FULL:
    'runOnce was called inside an effect, which holds a connection, and the pool has none left for the inner one.',
  DSCHED_STORE_UNREACHABLE: 'The snapshot store did not answer until patience or the run ended.',
  DSCHED_STORE_REFUSED:
    'The snapshot store refused a statement, for lack of a right, a constraint, an error that the effect swallowed or the like.',
  DSCHED_TX_REFUSED:
    'An effect asked of its transaction what it may not: to end it, to go on after it, or to leave statements of it unanswered.',
  DSCHED_NOT_MIGRATED: 'The table of the snapshots is missing. Run the migration, or pass { migrate: true }.',
} as const;

/** One of the codes in {@link ERROR_CODES}. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** What an error is about, beside its code. */
export interface ErrorDetails {
  /** The offending value. Shown in the message, so never pass a secret. */
  readonly value?: unknown;
  /** The name of the task that is concerned. */
  readonly task?: string;
  readonly cause?: unknown;
}

/** An error of this library: a stable `code`, the offending `value` and the `task` beside the message. */
export class DistributedScheduleError extends Error {
  override readonly name: string = 'DistributedScheduleError';
  readonly code: ErrorCode;
  readonly value: unknown;
  readonly task: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(
      `${code}: ${details.task === undefined ? '' : `task '${details.task}': `}${message}`,
      details.cause === undefined ? {} : { cause: details.cause },
    );
    this.code = code;
    this.value = details.value;
    this.task = details.task;
  }
}

/** Thrown by `TickContext.assertHeld()` and used as the abort reason when the lease can no longer be trusted. */
export class LeaseLostError extends DistributedScheduleError {
  override readonly name = 'LeaseLostError';

  constructor(task: string, tick: number, reason: string) {
    super('DSCHED_LEASE_LOST', `the lease of tick ${tick} can no longer be trusted: ${reason}`, {
      task,
      value: tick,
    });
  }
}
