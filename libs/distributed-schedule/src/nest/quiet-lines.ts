import type { Logger } from '@nestjs/common';
import type { Clock } from '../protocol/ports.js';

/** One line per key in so many ms, for what can go on every second; so many keys are remembered. */
const QUIET_MS = 60_000;
const MOST_KEYS = 3_000;

interface Muted {
  readonly sinceMs: number;
  readonly suppressed: number;
}

/** Warnings about tasks that share a cause: a pause or a store in trouble concerns hundreds of tasks at once. */
export class QuietLines {
  private readonly muted = new Map<string, Muted>();

  constructor(
    private readonly logger: Pick<Logger, 'warn'>,
    private readonly clock: Pick<Clock, 'monotonicMs'>,
  ) {}

  /** One line a minute for whatever shares `key`, with how many were left out. */
  warn(key: string, task: string, message: string): void {
    const suppressed = this.pass(key);
    if (suppressed === undefined) return;
    const more = suppressed === 0 ? '' : ` ${suppressed} more since the last line.`;
    this.logger.warn(`Task '${task}' ${message}${more}`);
  }

  /** Undefined where nothing is to be said now; else how many were left out since the last line. */
  pass(key: string): number | undefined {
    const nowMs = this.clock.monotonicMs();
    const muted = this.muted.get(key);
    if (muted !== undefined && nowMs < muted.sinceMs + QUIET_MS) {
      this.muted.set(key, { ...muted, suppressed: muted.suppressed + 1 });
      return undefined;
    }
    this.muted.delete(key);
    this.muted.set(key, { sinceMs: nowMs, suppressed: 0 });
    this.forgetOldest();
    return muted?.suppressed ?? 0;
  }

  private forgetOldest(): void {
    for (const key of this.muted.keys()) {
      if (this.muted.size <= MOST_KEYS) return;
      this.muted.delete(key);
    }
  }
}
