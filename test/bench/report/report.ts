/** All that a run of the benchmark has to say: written as JSON, and the source of the tables and plots. */

import type { MeasuredFloors } from '../floors/floors.js';
import type { Unable } from '../latency/contestant.js';
import type { Measured } from '../latency/row.js';
import type { Noise } from './noise.js';

export interface Report extends MeasuredFloors {
  /** ISO 8601. */
  readonly startedAt: string;
  readonly tookS: number;
  /** Such as `short` or `full`, and what was asked for otherwise. */
  readonly profile: string;
  readonly machine: string;
  /** Of programs and packages that took part. */
  readonly versions: Readonly<Record<string, string>>;
  /** Average of the last minute, in processes that want a core. */
  readonly load: { readonly before: number; readonly after: number };
  readonly noise: Noise;
  readonly latency: readonly Measured[];
  readonly unable: readonly Unable[];
  /** A line for each measurement that came to nothing. */
  readonly failures: readonly string[];
}
