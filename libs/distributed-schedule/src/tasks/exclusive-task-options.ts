import type { OptionNames } from '../protocol/options/option-names.js';
import { allowed, TASK_POLICY_OPTION_NAMES, type TaskPolicyOptions } from './task-policy-options.js';

/** What every exclusive decorator takes. */
export interface ExclusiveTaskOptions extends TaskPolicyOptions {
  /**
   * The task's identity in the cluster: stable over releases, unique in the app, 1 to 200 characters without
   * braces. Default: `ClassName.method`. Give one when the build renames classes or the class may be renamed,
   * since instances that disagree about a name run the task once *each*.
   */
  readonly name?: string;
  /**
   * How late a tick may start, in ms of cluster time; a later one ends as `misfire`. At most half the period;
   * where clocks that are turned leave less room to the next tick, that one tick has half of what is left.
   * Default: 0.4 of the period and at most 30 s.
   */
  readonly maxLatenessMs?: number;
  /** When true this instance checks the task at boot but never bids for it. Default false, or what `ScheduleModule.forRoot` says of its kind. */
  readonly disabled?: boolean;
  /**
   * Shifts each tick by a hash of task and instant, less than this and than half the gap. Spreads tasks of one expression; equal on
   * all instances. Default 0.
   */
  readonly jitterMs?: number;
  /** Runs the task only on instances whose `labels` contain all of these. Default: on any. */
  readonly runOn?: string | readonly string[];
  /**
   * By label: how many times as often as an instance without it one that has it is preferred. Of several labels the largest
   * number counts. Others still take over when it is gone. Default: all alike.
   */
  readonly weight?: Readonly<Record<string, number>>;
  /**
   * Makes the provider anew for each run, where it is request-scoped, with the {@link TickContext} as `REQUEST`. Without
   * this a request-scoped provider stops the boot. Default false.
   */
  readonly perTick?: boolean;
}

/** What a cron expression takes that goes by a time zone. */
export interface DstOptions {
  /**
   * On the day on which clocks go back `@Cron` runs a job of the hour after the one that comes twice two times: 02:00 in New York,
   * 03:00 in Berlin, 00:00 in Santiago. With 'once' a tick is due when clocks show one of its times for the first time. A task
   * that is due every hour rests in the second pass then. Default: as `@Cron`.
   */
  readonly dst?: DstPolicy;
}

export const DST_POLICIES = ['once'] as const;
export type DstPolicy = (typeof DST_POLICIES)[number];

/** Options of `@Exclusive`; `dst` only where it takes over a `@Cron` in a time zone. */
export type ExclusiveOptions = ExclusiveTaskOptions & DstOptions;

/** What else `@Cron` takes, so that its options can be kept as they are. */
interface CronTimerOptions {
  /** True is `overlap: 'skip'`, false is `overlap: 'allow'`; `overlap` counts before it. Default: as `overlap`. */
  readonly waitForCompletion?: boolean;
  /** Speaks of a local timer and has no effect, see `maxLatenessMs`. The log says so at boot. */
  readonly threshold?: number;
  /** Speaks of a local timer and has no effect. The log says so at boot. */
  readonly unrefTimeout?: boolean;
  /** Speaks of a local timer and has no effect. The log says so at boot. */
  readonly initialDelay?: number;
}

/** Options of `@TimeoutExclusive`. */
export interface TimeoutExclusiveOptions extends ExclusiveTaskOptions {
  /** Runs the method once for each value. Default: `deploymentKey` of `forRoot`. 1 to 200 characters without braces. */
  readonly deploymentKey?: string;
}

/** Options of `@CronExclusive`: at most one of `timeZone` and `utcOffset`. */
export type CronExclusiveOptions = ExclusiveTaskOptions &
  CronTimerOptions &
  (
    | (DstOptions & {
        /** IANA name such as `Europe/Vienna`. Default: the zone of the process, which may differ between hosts. */
        readonly timeZone?: string;
        readonly utcOffset?: never;
      })
    | {
        readonly timeZone?: never;
        readonly dst?: never;
        /** Minutes east of UTC, fixed over the year. */
        readonly utcOffset?: number;
      }
  );

/** The names in `weight` are the labels of the user's instances. */
export const EXCLUSIVE_OPTION_NAMES: OptionNames = {
  ...allowed<ExclusiveTaskOptions>('name', 'maxLatenessMs', 'disabled', 'jitterMs'),
  ...allowed<ExclusiveTaskOptions>('runOn', 'weight', 'perTick'),
  ...TASK_POLICY_OPTION_NAMES,
};

export const EXCLUSIVE_OVER_CRON_OPTION_NAMES: OptionNames = { ...EXCLUSIVE_OPTION_NAMES, dst: true };

export const CRON_EXCLUSIVE_OPTION_NAMES: OptionNames = {
  ...EXCLUSIVE_OVER_CRON_OPTION_NAMES,
  ...allowed<CronExclusiveOptions>('timeZone', 'utcOffset', 'waitForCompletion'),
  ...allowed<CronTimerOptions>('threshold', 'unrefTimeout', 'initialDelay'),
};

export const TIMEOUT_EXCLUSIVE_OPTION_NAMES: OptionNames = { ...EXCLUSIVE_OPTION_NAMES, deploymentKey: true };
