/** What became of the ticks of a soak, as its processes have told. A killed process takes the runs of its last second with it. */

export interface Counts {
  readonly due: number;
  readonly ran: number;
  readonly doubled: number;
}

const SECOND_MS = 1_000;
/** Ticks older than this are counted and forgotten. */
const OPEN_MS = 30_000;

export class RunsSeen {
  private readonly open = new Map<number, Map<number, number>>();

  constructor(private readonly tasks: number) {}

  note(task: number, tick: number): void {
    const runs = this.open.get(tick) ?? new Map<number, number>();
    this.open.set(tick, runs.set(task, (runs.get(task) ?? 0) + 1));
  }

  /** Of the seconds from `fromMs` until `toMs`, which are forgotten. */
  take(fromMs: number, toMs: number): Counts {
    const [first, last] = [Math.ceil(fromMs / SECOND_MS) * SECOND_MS, toMs - OPEN_MS];
    let [due, ran, doubled] = [0, 0, 0];
    for (let tick = first; tick < last; tick += SECOND_MS) {
      const runs = this.open.get(tick);
      due += this.tasks;
      ran += runs?.size ?? 0;
      for (const times of runs?.values() ?? []) if (times > 1) doubled += 1;
    }
    for (const tick of this.open.keys()) if (tick < last) this.open.delete(tick);
    return { due, ran, doubled };
  }
}
