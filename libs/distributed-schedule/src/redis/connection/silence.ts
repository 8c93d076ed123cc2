const TIMEOUTS_TO_SILENCE = 2;

/** A node that was late is given twice as long as its latest reply took: replies vary. */
const LATE_FACTOR = 2;

const LATE_LASTS_MS = 10_000;

/**
 * A slow node keeps its connection; a silent one loses it, or what is queued would arrive much later. Instants are monotonic.
 */
export class Silence {
  private timeouts = 0;
  private sinceMs = 0;
  private late: { readonly tookMs: number; readonly atMs: number } | undefined;

  /** A reply has come, in time or too late: all that was sent before it has arrived. */
  heard(): void {
    this.timeouts = 0;
  }

  heardLate(tookMs: number, nowMs: number): void {
    this.heard();
    this.late = { tookMs, atMs: nowMs };
  }

  /** @returns whether the node is silent, and its connection to be given up */
  timedOut(sentMs: number, nowMs: number): boolean {
    if (this.timeouts === 0) this.sinceMs = sentMs;
    this.timeouts += 1;
    if (this.timeouts < TIMEOUTS_TO_SILENCE) return false;
    if (nowMs - this.sinceMs <= LATE_FACTOR * this.lateMs(nowMs)) return false;
    this.timeouts = 0;
    return true;
  }

  private lateMs(nowMs: number): number {
    return this.late === undefined || nowMs - this.late.atMs > LATE_LASTS_MS ? 0 : this.late.tookMs;
  }
}
