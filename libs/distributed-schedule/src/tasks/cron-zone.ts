/** What a zone of luxon can say; minutes east of UTC. */
export interface ZoneOffsets {
  offset(atMs: number): number;
}

const MINUTE_MS = 60_000;
const HALF_HOUR_MS = 30 * MINUTE_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const SECOND_MS = 1_000;
/** No zone turns its clocks by more at a time. */
const MAX_TURN_MS = 3 * HOUR_MS;

/** Clocks were turned at `turnMs`, by `lengthMs`, in either direction. */
export interface Turn {
  readonly turnMs: number;
  readonly lengthMs: number;
  /** Clocks went back: for `lengthMs` they show what they have shown already. */
  readonly isBack: boolean;
}

/**
 * Finds the instant at which the clocks of a zone show a certain time, by the rules of `CronTime`, held by a differential test:
 *
 * - a time that is skipped runs at the turn, or as much later, as the zone's offset at New Year has it
 * - a time that comes twice runs once if it is a single hour, and twice if it is in every hour
 *
 * CronTime takes a time that comes twice by the offset of *this moment*, so that its answer depends on when it is asked. Here it is
 * the offset of the instant from which the search goes on, as when a timer of CronTime has just fired.
 */
export class CronZone {
  constructor(private readonly zone: ZoneOffsets) {}

  /** What the clocks show at an instant, as if it were UTC. */
  toLocal(atMs: number): number {
    return atMs + this.zone.offset(atMs) * MINUTE_MS;
  }

  /** The turn of the clocks whose times, that come twice or were skipped, last until after `atMs`, a full second. */
  turnAround(atMs: number): Turn | undefined {
    const offset = this.zone.offset(atMs);
    if (this.zone.offset(atMs - MAX_TURN_MS) === offset) return undefined;
    let [before, turn] = [atMs - MAX_TURN_MS, atMs];
    while (turn - before > SECOND_MS) {
      const middle = Math.floor((before + turn) / 2 / SECOND_MS) * SECOND_MS;
      if (this.zone.offset(middle) === offset) turn = middle;
      else before = middle;
    }
    const wonMinutes = offset - this.zone.offset(before);
    const lengthMs = Math.abs(wonMinutes) * MINUTE_MS;
    return atMs < turn + lengthMs ? { turnMs: turn, lengthMs, isBack: wonMinutes < 0 } : undefined;
  }

  /** Whether clocks go back, or went back, within some hours of an instant. */
  isNearTurnBack(atMs: number): boolean {
    return this.zone.offset(atMs + MAX_TURN_MS) < this.zone.offset(atMs - MAX_TURN_MS);
  }

  /** @param afterMs the instant from which the search for `localMs` began */
  toInstant(localMs: number, afterMs: number): number {
    const instant = this.resolve(localMs, this.zone.offset(afterMs));
    const atTurn = this.turnBefore(instant, localMs);
    return atTurn ?? this.firstPassOf(instant, afterMs);
  }

  /** The way in which luxon does it, with `offset` as its first guess. */
  private resolve(localMs: number, offset: number): number {
    const guess = localMs - offset * MINUTE_MS;
    const second = this.zone.offset(guess);
    if (second === offset) return guess;
    const better = localMs - second * MINUTE_MS;
    const third = this.zone.offset(better);
    return third === second ? better : localMs - Math.min(second, third) * MINUTE_MS;
  }

  /** For a time that does not exist: the turn of the clocks before it. Only where New Year has the offset before the turn. */
  private turnBefore(instant: number, localMs: number): number | undefined {
    if (sameMinute(this.toLocal(instant), localMs)) return undefined;
    const newYearMs = Date.UTC(new Date(this.toLocal(instant)).getUTCFullYear(), 0, 1);
    const winter = this.zone.offset(this.resolve(newYearMs, this.zone.offset(instant)));
    if (this.zone.offset(instant) === winter) return undefined;
    let turn = instant;
    while (this.zone.offset(turn - MINUTE_MS) !== winter) turn -= MINUTE_MS;
    return turn;
  }

  /** Where clocks have been turned back shortly before, an hour or half of one earlier shows the same, and is still to come. */
  private firstPassOf(instant: number, afterMs: number): number {
    let first = instant;
    const hourBefore = instant - HOUR_MS;
    const isHourRepeated =
      this.hourOf(hourBefore) === this.hourOf(instant) ||
      this.hourOf(instant - 2 * HOUR_MS) === this.hourOf(hourBefore);
    if (isHourRepeated && hourBefore > afterMs) first = hourBefore;
    const halfHourBefore = first - HALF_HOUR_MS;
    const isHalfHourRepeated =
      this.minuteOf(halfHourBefore) === this.minuteOf(first) ||
      this.minuteOf(hourBefore) === this.minuteOf(halfHourBefore);
    return isHalfHourRepeated && halfHourBefore > afterMs ? halfHourBefore : first;
  }

  private hourOf(atMs: number): number {
    return Math.floor(modulo(this.toLocal(atMs), DAY_MS) / HOUR_MS);
  }

  private minuteOf(atMs: number): number {
    return Math.floor(modulo(this.toLocal(atMs), HOUR_MS) / MINUTE_MS);
  }
}

function sameMinute(oneMs: number, otherMs: number): boolean {
  const minuteOfDay = (ms: number): number => Math.floor(modulo(ms, DAY_MS) / MINUTE_MS);
  return minuteOfDay(oneMs) === minuteOfDay(otherMs);
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}
