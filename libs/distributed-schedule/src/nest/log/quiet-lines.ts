import type { Logger } from '@nestjs/common';
import { TickTally } from '../../messages/tick-tally.js';
import type { Clock } from '../../protocol/contract/ports.js';

/** At most one line per kind within this, for what may recur every second. */
const QUIET_MS = 60_000;
const MAX_KEYS = 3_000;

export interface TaskLine {
  /** What shares it is told in one line a minute. */
  readonly kind: string;
  /** The kind in words, at the start of a line about several tasks: `Run by nobody`. */
  readonly many: string;
  readonly task: string;
  readonly message: string;
  readonly ticks?: number;
}

/** What was left out since the last line of its kind. */
interface Gathering {
  readonly tally: TickTally;
  newest: TaskLine | undefined;
}

/** Warnings about tasks that share a cause: a pause or a store in trouble concerns hundreds of tasks at once. */
export class QuietLines {
  private readonly gathered = new Map<string, Gathering>();
  private readonly passedAtMs = new Map<string, number>();
  private readonly stopping = new AbortController();

  constructor(
    private readonly logger: Pick<Logger, 'warn'>,
    private readonly clock: Pick<Clock, 'monotonicMs' | 'sleepUntil'>,
  ) {}

  /** The first line of a kind at once, and a minute later one for all tasks that had more of it: none waits for longer. */
  warn(line: TaskLine): void {
    const gathering = this.gathered.get(line.kind);
    if (gathering !== undefined) {
      gathering.tally.add(line.task, line.ticks);
      gathering.newest = line;
      return;
    }
    this.logger.warn(`Task '${line.task}' ${line.message}`);
    if (!this.stopping.signal.aborted) void this.gather(line.kind);
  }

  /** Whether it is to be said: not where the same was said in the last minute. */
  mayPass(key: string): boolean {
    const nowMs = this.clock.monotonicMs();
    const passedAtMs = this.passedAtMs.get(key);
    if (passedAtMs !== undefined && nowMs < passedAtMs + QUIET_MS) return false;
    this.passedAtMs.delete(key);
    this.passedAtMs.set(key, nowMs);
    for (const oldest of this.passedAtMs.keys()) {
      if (this.passedAtMs.size <= MAX_KEYS) break;
      this.passedAtMs.delete(oldest);
    }
    return true;
  }

  /** Says what was left out until now, and leaves no timer behind. */
  stop(): void {
    if (this.stopping.signal.aborted) return;
    this.stopping.abort();
    for (const gathering of this.gathered.values()) this.tell(gathering);
    this.gathered.clear();
  }

  private async gather(kind: string): Promise<void> {
    const { signal } = this.stopping;
    for (;;) {
      const gathering: Gathering = { tally: new TickTally(), newest: undefined };
      this.gathered.set(kind, gathering);
      await this.clock.sleepUntil(this.clock.monotonicMs() + QUIET_MS, signal);
      if (signal.aborted) return;
      if (gathering.newest === undefined) break;
      this.tell(gathering);
    }
    this.gathered.delete(kind);
  }

  private tell({ tally, newest }: Gathering): void {
    if (newest === undefined) return;
    const { task, message, many, ticks = 1 } = newest;
    const more = tally.of(task) - ticks;
    this.logger.warn(
      tally.size === 1
        ? `Task '${task}' ${message}${more === 0 ? '' : ` ${more} more of this task since the last line.`}`
        : `${many} since the last line: ${tally.words()}. The newest: task '${task}' ${message}`,
    );
  }
}
