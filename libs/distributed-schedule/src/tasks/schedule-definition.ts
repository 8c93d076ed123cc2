import type { CronJobParams } from 'cron';
import type { TimeoutDefinition } from '../protocol/timeouts/timeout-agreement.js';

/** A schedule as the decorators were given it: not yet parsed, and with nothing checked. */
export type ScheduleDefinition =
  | { readonly kind: 'every_second' }
  | CronDefinition
  | { readonly kind: 'interval'; readonly periodMs: unknown; readonly name?: string }
  | TimeoutDefinition;

export interface CronDefinition {
  readonly kind: 'cron';
  readonly cronTime: CronJobParams['cronTime'];
  readonly timeZone?: unknown;
  readonly utcOffset?: unknown;
  readonly dst?: unknown;
  /** The name that `@Cron` was given. */
  readonly name?: string;
  readonly disabled?: boolean;
  /** Of `@Cron`, whose options @Exclusive takes as they are. */
  readonly waitForCompletion?: unknown;
  readonly threshold?: unknown;
  readonly unrefTimeout?: unknown;
  readonly initialDelay?: unknown;
}
