import type { Cluster } from './cluster.js';
import { FLOW_HEAD, Flow } from './flow.js';
import { type Line, line, type Span, span, type Tone } from './paint.js';
import type { ReplicaState } from './replica.js';
import type { Screen } from './screen.js';

const FRAME_EVERY_MS = 100;
const MAX_FLOW_LINES = 15;
const MIN_FLOW_LINES = 3;
const CELL_WIDTH = 18;

const BLANK = line('');
const STATE_TONES: Record<ReplicaState, Tone> = { starting: 'warn', up: 'good', paused: 'warn', down: 'bad' };
const STATE_MARKS: Record<ReplicaState, string> = { starting: '○', up: '●', paused: '◐', down: '✕' };

export interface LiveTableSetup {
  readonly cluster: Cluster;
  readonly screen: Screen;
  readonly tasks: readonly string[];
  readonly firstTick: number;
  hint(nowMs: number): string;
}

/** Who is up, the last of the flow, and what comes next; redrawn until closed. */
export class LiveTable {
  private readonly flow: Flow;
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly setup: LiveTableSetup) {
    setup.screen.show({ picture: [], news: [BLANK, FLOW_HEAD] });
    this.flow = new Flow(setup.cluster, setup.tasks, setup.firstTick);
    this.timer = setInterval(() => {
      const nowMs = Date.now();
      this.redraw(nowMs, setup.hint(nowMs));
    }, FRAME_EVERY_MS);
  }

  /** What is not decided by now never will be. */
  close(): void {
    clearInterval(this.timer);
    this.redraw(Number.POSITIVE_INFINITY);
  }

  private redraw(nowMs: number, hint?: string): void {
    const { cluster, screen } = this.setup;
    this.flow.advance(Math.min(nowMs, Date.now()));
    const top = [BLANK, replicaLine(cluster), ...nodeLines(cluster), BLANK, FLOW_HEAD];
    const bottom = hint === undefined ? [] : [BLANK, line(`  ${hint}`, 'faint')];
    const room = screen.rows - top.length - bottom.length;
    const count = Math.min(MAX_FLOW_LINES, Math.max(MIN_FLOW_LINES, room));
    const last = this.flow.last(count, nowMs);
    const filler = Array.from({ length: count - last.length }, () => BLANK);
    screen.show({ picture: [...top, ...last, ...filler, ...bottom], news: this.flow.news(nowMs) });
  }
}

function replicaLine({ replicas, board }: Cluster): Line {
  return [
    span('  replicas  ', 'faint'),
    ...replicas.flatMap(({ name, state }) => {
      const told = state === 'up' ? `${board.runsOf(name)} runs` : state;
      return cell(STATE_MARKS[state], `${name}  ${told}`, STATE_TONES[state]);
    }),
  ];
}

function nodeLines({ nodes }: Cluster): Line[] {
  if (nodes.length === 0) return [];
  const cells = nodes.flatMap(({ port, isUp }) =>
    isUp ? cell('●', String(port), 'good') : cell('✕', `${port}  down`, 'bad'),
  );
  return [[span('  redis     ', 'faint'), ...cells]];
}

function cell(mark: string, text: string, tone: Tone): Span[] {
  return [span(`${mark} `, tone), span(text.padEnd(CELL_WIDTH))];
}
