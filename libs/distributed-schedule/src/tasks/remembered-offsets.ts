import type { ZoneOffsets } from './cron-zone.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Half a kilobyte of years; when there are more, all are forgotten. */
const MAX_INSTANTS = 2_000;

/**
 * Asks a zone once a day of the calendar: `Intl` takes microseconds an answer, and a search wants a dozen. A day or an hour that begins
 * and ends with one offset has it throughout: since 1970 no zone has turned its clocks twice within six days.
 */
export class RememberedOffsets implements ZoneOffsets {
  private readonly known = new Map<number, number>();

  constructor(private readonly zone: ZoneOffsets) {}

  offset(atMs: number): number {
    return this.throughout(atMs, DAY_MS) ?? this.throughout(atMs, HOUR_MS) ?? this.zone.offset(atMs);
  }

  /** The offset of the day or hour around an instant, unless clocks are turned in it. */
  private throughout(atMs: number, lengthMs: number): number | undefined {
    const startMs = Math.floor(atMs / lengthMs) * lengthMs;
    const offset = this.at(startMs);
    return this.at(startMs + lengthMs) === offset ? offset : undefined;
  }

  private at(atMs: number): number {
    const known = this.known.get(atMs);
    if (known !== undefined) return known;
    if (this.known.size >= MAX_INSTANTS) this.known.clear();
    const offset = this.zone.offset(atMs);
    this.known.set(atMs, offset);
    return offset;
  }
}
