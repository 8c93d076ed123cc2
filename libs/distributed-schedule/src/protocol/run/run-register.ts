/** Handlers that were called here and have not returned, also after their verdict was told. */

import type { Outcome } from '../contract/outcome.js';
import type { RunInFlight, RunState } from '../contract/run-in-flight.js';
import type { TickContext } from '../contract/tick-context.js';

export class OpenRun {
  state: RunState = 'running';
  isStuck = false;
  /** The verdict that has been told although the handler goes on. */
  told: Outcome | undefined;

  constructor(
    readonly context: TickContext,
    readonly startedMs: number,
  ) {}

  /** As it stands now. */
  shown(): RunInFlight {
    const { task, tick, attempt, fencingToken, claimId, instanceId } = this.context;
    const { startedMs, state, isStuck } = this;
    return { task, tick, attempt, fencingToken, claimId, instanceId, startedMs, state, isStuck };
  }
}

/** Given-up runs of one task beside a new one. More would exhaust the instance and starve its other tasks. */
const MAX_GIVEN_UP = 10;

export class RunRegister {
  private readonly open = new Set<OpenRun>();
  /** The same by task, since every tick of every task asks. */
  private readonly byTask = new Map<string, Set<OpenRun>>();

  begin(context: TickContext, startedMs: number): OpenRun {
    const run = new OpenRun(context, startedMs);
    this.add(run);
    return run;
  }

  end(run: OpenRun): void {
    const { task } = run.context;
    const those = this.byTask.get(task);
    this.open.delete(run);
    those?.delete(run);
    if (those?.size === 0) this.byTask.delete(task);
  }

  /** Shows a run whose handler has returned until it is known whether there is another attempt. */
  async whileWaiting<T>(run: OpenRun, untilKnown: () => Promise<T>): Promise<T> {
    run.state = 'waiting';
    run.isStuck = false;
    this.add(run);
    try {
      return await untilKnown();
    } finally {
      this.end(run);
    }
  }

  /** Oldest first. */
  all(): readonly OpenRun[] {
    return [...this.open];
  }

  shown(): readonly RunInFlight[] {
    return this.all().map((run) => run.shown());
  }

  /** Those of one task. */
  shownOf(task: string): readonly RunInFlight[] {
    return [...(this.byTask.get(task) ?? [])].map((run) => run.shown());
  }

  /** Whether a run of the task was given up here and goes on: others should run its next ticks. */
  hasGivenUp(task: string): boolean {
    return this.givenUp(task) > 0;
  }

  /** True when MAX_GIVEN_UP runs of the task still go on: this instance then starts no other. */
  isFull(task: string): boolean {
    return this.givenUp(task) >= MAX_GIVEN_UP;
  }

  private givenUp(task: string): number {
    let count = 0;
    for (const { state } of this.byTask.get(task) ?? []) if (state === 'given_up') count += 1;
    return count;
  }

  private add(run: OpenRun): void {
    const { task } = run.context;
    const those = this.byTask.get(task) ?? new Set<OpenRun>();
    this.open.add(run);
    this.byTask.set(task, those.add(run));
  }
}
