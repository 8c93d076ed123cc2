/** Own runs that go on for too long, told with growing pauses: as their leases are renewed, nobody else can know. */

import type { AuditCause, AuditFinding } from '../contract/audit-finding.js';
import type { ScheduledTask } from '../contract/tick-context.js';
import type { OpenRun } from '../run/run-register.js';
import type { AuditParts, TaskLookup } from './audit-source.js';

/** Without `timeoutMs` a run may take this many ticks of its task, but at least MIN_MS. */
const MIN_TICKS = 3;
const MIN_MS = 60_000;
/** The same for a task that is not due any more. */
const WITHOUT_TICKS_MS = 3_600_000;
/** A handler may take this long to obey its signal. */
const GRACE_MS = 10_000;
/** It is told again at doubling pauses, which grow up to this. */
const FIRST_PAUSE_MS = 60_000;
const MAX_PAUSE_MS = 3_600_000;

interface Watch {
  /** When the run is looked at next, cluster time. */
  nextMs: number;
  pauseMs: number;
  /** Whether three ticks have been counted: to ask a schedule costs time, and nearly every run has ended by then. */
  isBoundKnown: boolean;
}

export class StuckRuns {
  private readonly watches = new WeakMap<OpenRun, Watch>();
  private lookAtMs = Number.POSITIVE_INFINITY;

  constructor(
    private readonly parts: Pick<AuditParts, 'instanceId' | 'clusterClock' | 'register'>,
    private readonly lookup: Pick<TaskLookup, 'taskOf'>,
    private readonly found: (finding: AuditFinding, isFirst: boolean) => void,
  ) {}

  /** When there is something to look at, cluster time. */
  get nextMs(): number {
    return this.lookAtMs;
  }

  started(task: string): void {
    const lookAtMs = this.parts.clusterClock.nowMs() + this.firstBoundMs(task);
    this.lookAtMs = Math.min(this.lookAtMs, lookAtMs);
  }

  look(): void {
    const nowMs = this.parts.clusterClock.nowMs();
    if (nowMs < this.lookAtMs) return;
    this.lookAtMs = Number.POSITIVE_INFINITY;
    for (const run of this.parts.register.all()) {
      // Its handler has returned, and its delay has an end.
      if (run.state === 'waiting') continue;
      const watch = this.watches.get(run) ?? this.watchOf(run);
      this.watches.set(run, watch);
      if (watch.nextMs <= nowMs) this.judge(run, watch, nowMs);
      this.lookAtMs = Math.min(this.lookAtMs, watch.nextMs);
    }
  }

  private judge(run: OpenRun, watch: Watch, nowMs: number): void {
    if (!watch.isBoundKnown) {
      watch.isBoundKnown = true;
      watch.nextMs = this.thirdTickAfter(run);
      if (watch.nextMs > nowMs) return;
    }
    this.tell(run, watch, nowMs);
  }

  private watchOf({ context: { task }, startedMs }: OpenRun): Watch {
    const isBoundKnown = this.timeoutOf(task) !== undefined;
    return { nextMs: startedMs + this.firstBoundMs(task), pauseMs: FIRST_PAUSE_MS, isBoundKnown };
  }

  private firstBoundMs(task: string): number {
    const timeoutMs = this.timeoutOf(task);
    return timeoutMs === undefined ? MIN_MS : timeoutMs + GRACE_MS;
  }

  private timeoutOf(task: string): number | undefined {
    return this.lookup.taskOf(task)?.policies?.timeoutMs;
  }

  private thirdTickAfter({ context, startedMs }: OpenRun): number {
    const task = this.lookup.taskOf(context.task);
    let instant: number | undefined = startedMs;
    for (let ticks = 0; ticks < MIN_TICKS && instant !== undefined; ticks += 1)
      instant = nextOf(task, instant);
    return instant ?? startedMs + WITHOUT_TICKS_MS;
  }

  private tell(run: OpenRun, watch: Watch, nowMs: number): void {
    const isFirst = !run.isStuck;
    run.isStuck = true;
    watch.nextMs = nowMs + watch.pauseMs;
    watch.pauseMs = Math.min(2 * watch.pauseMs, MAX_PAUSE_MS);
    const { task, tick } = run.context;
    const shown = run.shown();
    const cause = causeOf(shown.state);
    const detail = `it began ${Math.round((nowMs - run.startedMs) / 1_000)} s ago, ${WORDS[cause]}`;
    const { instanceId } = this.parts;
    const finding = { task, tick, ticks: 1, cause, detail, certain: true, instanceId, run: shown };
    this.found({ ...finding, outcome: 'stuck' }, isFirst);
  }
}

type StuckCause = Extract<AuditCause, 'runs_on' | 'deaf' | 'given_up'>;

const WORDS: Readonly<Record<StuckCause, string>> = {
  runs_on: 'and no later tick of it runs meanwhile unless runs may overlap: it may hang',
  deaf: 'and goes on although its signal has aborted: it may hang',
  given_up: 'was given up, and goes on beside later runs: it may hang, and holds what it holds',
};

function causeOf(state: OpenRun['state']): StuckCause {
  if (state === 'running' || state === 'waiting') return 'runs_on';
  return state === 'given_up' ? 'given_up' : 'deaf';
}

/** A schedule that throws has no next tick. */
function nextOf(task: ScheduledTask | undefined, instant: number): number | undefined {
  try {
    return task?.schedule.nextAfter(instant);
  } catch {
    return undefined;
  }
}
