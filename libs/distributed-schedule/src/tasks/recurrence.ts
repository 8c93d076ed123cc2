/** Nothing is said twice within this. */
const QUIET_MS = 60_000;
/** What lasts this long is told at once; only what comes and goes is held back. */
const LASTING_MS = 5_000;

export interface EndedTrouble {
  readonly lastedMs: number;
  /** It was well once before this trouble: otherwise it is reached for the first time now. */
  readonly wasWellBefore: boolean;
}

/** A trouble that may come and go: the loss of moments is told once a minute at most, its return where its loss was. */
export class Recurrence {
  private sinceMs: number | undefined;
  private toldMs: number | undefined;
  private hasTold = false;
  private wasWell = false;
  private wasWellBefore = false;
  private lostUntold = 0;
  private ended: EndedTrouble | undefined;

  see(isLost: boolean, nowMs: number): void {
    if (isLost && this.sinceMs === undefined) {
      this.sinceMs = nowMs;
      this.wasWellBefore = this.wasWell;
      this.ended = undefined;
    }
    if (!isLost) this.returned(nowMs);
  }

  get isTold(): boolean {
    return this.hasTold;
  }

  get wasEverWell(): boolean {
    return this.wasWell;
  }

  /** How often it came and went since the last line without being told. */
  get untold(): number {
    return this.lostUntold;
  }

  lastedMs(nowMs: number): number {
    return this.sinceMs === undefined ? 0 : nowMs - this.sinceMs;
  }

  mayTell(nowMs: number): boolean {
    if (this.toldMs === undefined || nowMs - this.toldMs >= QUIET_MS) return true;
    return !this.hasTold && this.lastedMs(nowMs) >= LASTING_MS;
  }

  told(nowMs: number): void {
    this.toldMs = nowMs;
    this.hasTold = true;
    this.lostUntold = 0;
  }

  /** The return that is to be told now, once. */
  takeReturn(): EndedTrouble | undefined {
    const { ended } = this;
    this.ended = undefined;
    return ended;
  }

  private returned(nowMs: number): void {
    this.wasWell = true;
    if (this.sinceMs === undefined) return;
    if (this.hasTold) this.ended = { lastedMs: nowMs - this.sinceMs, wasWellBefore: this.wasWellBefore };
    else if (this.toldMs !== undefined) this.lostUntold += 1;
    this.sinceMs = undefined;
    this.hasTold = false;
  }
}
