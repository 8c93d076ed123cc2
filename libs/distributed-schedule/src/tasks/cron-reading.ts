import { CronTime } from 'cron';
import { CronFields } from './cron-fields.js';
import { CronZone } from './cron-zone.js';
import { processZone } from './process-zone.js';
import { RememberedOffsets } from './remembered-offsets.js';

/** Expressions that are remembered for further tasks; those of tasks that there are stay with them. */
const MAX_READINGS = 1_000;
const MAX_ZONES = 100;
const MAX_ANSWERS = 32;
const SECOND_MS = 1_000;

/** What is known of one expression in one zone, by all tasks that have it. */
export interface CronReading {
  readonly cronTime: CronTime;
  readonly zone: CronZone;
  /** Undefined where they cannot be had from this version of the parser, which is asked instead. */
  readonly fields: CronFields | undefined;
  readonly answers: CronAnswers;
}

/** The last answers, by the full second from which was asked: tasks of one moment ask for the same. */
export class CronAnswers {
  private readonly known = new Map<number, number | undefined>();

  of(atMs: number, ask: (secondMs: number) => number | undefined): number | undefined {
    const secondMs = Math.floor(atMs / SECOND_MS) * SECOND_MS;
    if (this.known.has(secondMs)) return this.known.get(secondMs);
    if (this.known.size >= MAX_ANSWERS) this.known.clear();
    const answer = ask(secondMs);
    this.known.set(secondMs, answer);
    return answer;
  }
}

const readings = new Map<string, CronReading>();
const zones = new Map<string, CronZone>();

/** @throws what the parser throws */
export function readCron(
  source: ConstructorParameters<typeof CronTime>[0],
  zone: string | undefined,
): CronReading {
  // Read anew each time: the caller may change its Date.
  if (typeof source !== 'string') return readAnew(source, zone);
  return remembered(readings, `${zone ?? processZone()} ${source}`, MAX_READINGS, () =>
    readAnew(source, zone),
  );
}

function readAnew(source: ConstructorParameters<typeof CronTime>[0], zone: string | undefined): CronReading {
  const cronTime = new CronTime(source, zone);
  return {
    cronTime,
    zone: zoneNamed(cronTime.timeZone ?? 'UTC'),
    fields: cronTime.realDate ? undefined : CronFields.of(cronTime),
    answers: new CronAnswers(),
  };
}

/** By the parser's own idea of the zone, taken from one of its answers. */
function zoneNamed(name: string): CronZone {
  return remembered(zones, name, MAX_ZONES, () => {
    const { zone } = new CronTime('* * * * * *').getNextDateFrom(new Date(0), name);
    return new CronZone(new RememberedOffsets(zone));
  });
}

function remembered<T>(known: Map<string, T>, key: string, most: number, make: () => T): T {
  const found = known.get(key);
  if (found !== undefined) return found;
  const made = make();
  const [oldest] = known.keys();
  if (known.size >= most && oldest !== undefined) known.delete(oldest);
  known.set(key, made);
  return made;
}
