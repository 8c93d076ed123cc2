import type { ScheduleEvent } from '../protocol/contract/observer.js';
import { hasRun, type TickReport } from '../protocol/contract/outcome.js';
import type { Clock } from '../protocol/contract/ports.js';
import { spoken } from '../protocol/contract/spoken.js';
import { at } from '../tasks/instant-words.js';

/** A run that this many ticks in a row met, for LONG_MS, may hang. */
const LONG_TICKS = 10;
const LONG_MS = 60_000;
/** Of a task that has a timeoutMs it is true as well: its handler may be deaf to the signal. */
const WHAT_ENDS_IT = 'timeoutMs aborts such a run, and giveUpAfterMs lets later ticks run without its end';
/** Tasks whose ticks meet runs of others, the newest ones: of a task that was taken away nothing more is heard. */
const MAX_ROWS = 3_000;

interface OwnRun {
  readonly tick: number;
  readonly startedMs: number;
}

/** The ticks in a row that have met a run of one holder. */
interface Row {
  readonly holder: string | undefined;
  readonly sinceMs: number;
  readonly ticks: number;
}

/** Runs that keep later ticks of their task from starting: since when, and where. */
export class RunsInTheWay {
  private readonly own = new Map<string, OwnRun>();
  private readonly rows = new Map<string, Row>();

  constructor(private readonly clock: Pick<Clock, 'monotonicMs'>) {}

  started({ task, tick }: Pick<Extract<ScheduleEvent, { type: 'started' }>, 'task' | 'tick'>): void {
    // A further attempt goes on with the same run.
    if (this.own.get(task)?.tick !== tick) this.own.set(task, { tick, startedMs: this.clock.monotonicMs() });
  }

  ended({ task, tick, outcome, goesOn = false }: TickReport): void {
    const isOver = hasRun(outcome) && !(goesOn && outcome === 'timed_out');
    if (isOver) this.returned({ task, tick });
    if (isOver || outcome === 'taken') this.rows.delete(task);
  }

  /** The handler of a run has returned, or its lock is let go. */
  returned({ task, tick }: Pick<TickReport, 'task' | 'tick'>): void {
    if (this.own.get(task)?.tick === tick) this.own.delete(task);
  }

  private keep(task: string, row: Row): void {
    this.rows.delete(task);
    this.rows.set(task, row);
    for (const oldest of this.rows.keys()) {
      if (this.rows.size <= MAX_ROWS) return;
      this.rows.delete(oldest);
    }
  }

  words({ task, by, detail }: TickReport): string {
    const nowMs = this.clock.monotonicMs();
    const before = this.rows.get(task);
    const goesOn = before !== undefined && before.holder === by;
    const known = goesOn ? before : { sinceMs: nowMs, ticks: 0 };
    const row = { holder: by, sinceMs: known.sinceMs, ticks: known.ticks + 1 };
    this.keep(task, row);
    const own = by === undefined ? this.own.get(task) : undefined;
    const lastedMs = nowMs - (own?.startedMs ?? row.sinceMs);
    if (row.ticks < LONG_TICKS || lastedMs < LONG_MS)
      return `as its last run goes on: ${detail ?? 'its lock is held'}`;
    const where =
      own === undefined
        ? `or longer on ${by === undefined ? 'another instance' : `instance ${by}`}`
        : `by now on this instance, that of tick ${at(own.tick)}`;
    return `as a run goes on for ${spoken(lastedMs)} ${where}: it may hang. ${WHAT_ENDS_IT}`;
  }
}
