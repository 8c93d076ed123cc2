import type { OptionNames } from './option-names.js';

/** What every exclusive decorator takes. */
export interface ExclusiveTaskOptions {
  /**
   * The task's identity in the cluster: stable over releases, unique in the app, 1 to 200 characters without
   * braces. Default: `ClassName.method`. Give one when the build renames classes or the class may be renamed,
   * since instances that disagree about a name run the task once *each*.
   */
  readonly name?: string;
  /**
   * How late a tick may start, in ms of cluster time; a later one ends as `misfire`. At most half the period.
   * Default: 0.4 of the period and at most 30 s.
   */
  readonly maxLatenessMs?: number;
  /** When true this instance checks the task at boot but never bids for it. Default false. */
  readonly disabled?: boolean;
}

/** Options of `@CronExclusive`: at most one of `timeZone` and `utcOffset`. */
export type CronExclusiveOptions = ExclusiveTaskOptions &
  (
    | {
        /** IANA name such as `Europe/Vienna`. Default: the zone of the process, which may differ between hosts. */
        readonly timeZone?: string;
        readonly utcOffset?: never;
      }
    | {
        readonly timeZone?: never;
        /** Minutes east of UTC, fixed over the year. */
        readonly utcOffset?: number;
      }
  );

export const EXCLUSIVE_OPTION_NAMES: OptionNames = { name: true, maxLatenessMs: true, disabled: true };

export const CRON_EXCLUSIVE_OPTION_NAMES: OptionNames = {
  ...EXCLUSIVE_OPTION_NAMES,
  timeZone: true,
  utcOffset: true,
};
