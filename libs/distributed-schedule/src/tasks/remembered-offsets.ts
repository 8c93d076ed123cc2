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

  offset(epochMs: number): number {
    return this.throughout(epochMs, DAY_MS) ?? this.throughout(epochMs, HOUR_MS) ?? this.zone.offset(epochMs);
  }

  /** The offset of the day or hour around an instant, unless clocks are turned in it. */
  private throughout(epochMs: number, lengthMs: number): number | undefined {
    const startMs = Math.floor(epochMs / lengthMs) * lengthMs;
    const offset = this.at(startMs);
    return this.at(startMs + lengthMs) === offset ? offset : undefined;
  }

  private at(epochMs: number): number {
    const known = this.known.get(epochMs);
    if (known !== undefined) return known;
    if (this.known.size >= MAX_INSTANTS) this.known.clear();
    const offset = this.zone.offset(epochMs);
    this.known.set(epochMs, offset);
    return offset;
  }
}
