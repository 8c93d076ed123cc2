/** What happened in one simulated world: broken promises, counters, and on request a story that a person can read. */

export interface Violation {
  readonly rule: string;
  readonly detail: string;
}

export class History {
  readonly violations: Violation[] = [];
  readonly counters = new Map<string, number>();
  readonly trace: string[] = [];

  constructor(
    readonly nowMs: () => number,
    /** Only a replay is told as a story: making it takes longer than the history itself. */
    private readonly isTold: boolean,
    /** Called at the first broken promise: nothing that follows says more. */
    private readonly onViolation: () => void,
  ) {}

  count(what: string, by = 1): void {
    this.counters.set(what, (this.counters.get(what) ?? 0) + by);
  }

  /** Keeps the largest value seen. */
  peak(what: string, value: number): void {
    if (value > (this.counters.get(what) ?? 0)) this.counters.set(what, value);
  }

  note(line: () => string): void {
    if (this.isTold) this.trace.push(`${this.nowMs().toFixed(1).padStart(10)}  ${line()}`);
  }

  fail(rule: string, detail: string): void {
    this.violations.push({ rule, detail });
    this.note(() => `!! ${rule}: ${detail}`);
    this.onViolation();
  }
}
