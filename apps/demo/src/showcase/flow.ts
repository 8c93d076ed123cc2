import type { Cluster } from './cluster.js';
import type { Occurrence } from './fault-log.js';
import { type Line, span, type Tone } from './paint.js';
import type { TickEntry } from './scoreboard.js';

const SECOND_MS = 1_000;

/** No bid for a tick wins later than this: who has not started it by then never will. */
const DECIDED_AFTER_MS = 800;

/** A start this late was a take-over by the next in rank, or a stall. Worth a colour. */
const NOTABLE_LATENESS_MS = 50;

const WIDTH = { second: 10, task: 10, replica: 8, lateness: 8 };

export const FLOW_HEAD: Line = [
  span(`  ${'second'.padEnd(WIDTH.second)}`, 'faint'),
  span('task'.padEnd(WIDTH.task), 'faint'),
  span('ran on'.padEnd(WIDTH.replica), 'faint'),
  span('late ms'.padStart(WIDTH.lateness), 'faint'),
  span('   outcome', 'faint'),
];

/** Ticks and faults in the order of their instants, from the first due tick on. */
export class Flow {
  private readonly items: (TickEntry | Occurrence)[] = [];
  private nextTick: number;
  private occurrences = 0;
  private told = 0;

  constructor(
    private readonly cluster: Cluster,
    private readonly tasks: readonly string[],
    firstTick: number,
  ) {
    this.nextTick = firstTick;
  }

  /** Takes up what has become due, or has happened, until `nowMs`. */
  advance(nowMs: number): void {
    const { board, faults } = this.cluster;
    const fresh: { atMs: number; item: TickEntry | Occurrence }[] = [];
    for (; this.nextTick <= nowMs; this.nextTick += SECOND_MS) {
      for (const task of this.tasks) {
        fresh.push({ atMs: this.nextTick, item: board.entry(task, this.nextTick) });
      }
    }
    for (const item of faults.occurrences.slice(this.occurrences)) fresh.push({ atMs: item.atMs, item });
    this.occurrences = faults.occurrences.length;
    this.items.push(...fresh.sort((a, b) => a.atMs - b.atMs).map(({ item }) => item));
  }

  last(count: number, nowMs: number): Line[] {
    return this.items.slice(-count).map((item, index) => this.toLine(item, nowMs, index === 0));
  }

  /** Lines that have become final since the last call, each once. */
  news(nowMs: number): Line[] {
    const unfinished = this.items.findIndex((item, index) => index >= this.told && !isDecided(item, nowMs));
    const fresh = this.items.slice(this.told, unfinished < 0 ? undefined : unfinished);
    this.told += fresh.length;
    return fresh.map((item) => this.toLine(item, nowMs));
  }

  /** The second stands on its first line only, and at the top of what is shown. */
  private toLine(item: TickEntry | Occurrence, nowMs: number, isTop = false): Line {
    if (!('task' in item)) return [span(`  ${clockTime(item.atMs)}  ${item.text}`, 'warn')];
    const second = isTop || item.task === this.tasks[0] ? clockTime(item.tick) : '';
    return [
      span(`  ${second.padEnd(WIDTH.second)}`, 'faint'),
      span(item.task.padEnd(WIDTH.task)),
      ...(item.started === undefined ? this.notRun(item, nowMs) : run(item.started, item.outcome)),
    ];
  }

  private notRun(entry: TickEntry, nowMs: number): Line {
    const blank = span(`${'-'.padEnd(WIDTH.replica)}${'-'.padStart(WIDTH.lateness)}   `, 'faint');
    if (!isDecided(entry, nowMs)) return [blank, span('waiting', 'faint')];
    const { text, explained } = this.cluster.explain(entry.task, entry.tick);
    return [blank, span(text, explained ? 'faint' : 'bad')];
  }
}

function run(
  { replica, latenessMs }: NonNullable<TickEntry['started']>,
  outcome: TickEntry['outcome'],
): Line {
  const lateness = latenessMs.toFixed(1).padStart(WIDTH.lateness);
  const tone: Tone = outcome === 'success' ? 'good' : 'bad';
  return [
    span(replica.padEnd(WIDTH.replica), 'strong'),
    span(lateness, latenessMs > NOTABLE_LATENESS_MS ? 'warn' : 'plain'),
    outcome === undefined ? span('   running', 'faint') : span(`   ${outcome}`, tone),
  ];
}

function isDecided(item: TickEntry | Occurrence, nowMs: number): boolean {
  return !('task' in item) || item.outcome !== undefined || nowMs > item.tick + DECIDED_AFTER_MS;
}

/** `14:03:21` in local time. */
export function clockTime(epochMs: number): string {
  return new Date(epochMs).toTimeString().slice(0, 8);
}
