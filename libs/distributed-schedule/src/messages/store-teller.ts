import { spoken } from '../protocol/contract/spoken.js';
import { Recurrence } from '../tasks/recurrence.js';
import { type StoreNodeStatus, sentencesOf } from './store-status.js';

const REACHED = 'Quorum reached';

export interface StoreView {
  readonly nowMs: number;
  readonly hasQuorum: boolean;
  /** A majority has answered this instance once. Before that, or where nothing is asked, `hasQuorum` is what the connections say. */
  readonly isConfirmed: boolean;
  readonly nodesAnswering: number;
  readonly nodes: readonly StoreNodeStatus[];
  /** Otherwise the instance only reads and decides. */
  readonly isBidding: boolean;
}

export interface StoreLine {
  readonly level: 'log' | 'warn';
  readonly message: string;
}

/** A single node that is silent for less is no news: one late reply does no harm. */
const NODE_SILENT_MS = 2_000;

/** A lack of a majority waits this long for a reason before it is told without one. */
const REASON_WITHIN_MS = 2_000;

/** A boot takes its time, under load a second: only what is not there by then is not there yet. */
const NOT_YET_AFTER_MS = 1_000;

/** What the log says of the store, decided from what is seen of it: each line once, and while it lasts once a minute. */
export class StoreTeller {
  private readonly quorum = new Recurrence();
  private readonly nodes = new Map<string, Recurrence>();
  private readonly oddities = new Set<string>();
  private wasReached = false;

  /** The lines that are due now. A return has the level of its loss, so that a filter shows both or neither. */
  look(view: StoreView): readonly StoreLine[] {
    const silent = view.nodes.filter((node) => !node.answering);
    for (const node of view.nodes) this.recurrenceOf(node).see(!node.answering, view.nowMs);
    // A connection is no majority yet: what ends before one has answered is no loss.
    if (!view.hasQuorum || view.isConfirmed) this.quorum.see(!view.hasQuorum, view.nowMs);
    const lines = view.hasQuorum
      ? [...this.quorumReturned(view, silent), ...view.nodes.flatMap((node) => this.tellNode(node, view))]
      : this.quorumLost(view, silent);
    const warnings = [...lines, ...view.nodes.flatMap((node) => this.tellOddities(node))];
    return [
      ...this.firstMajority(view),
      ...warnings.map((message): StoreLine => ({ level: 'warn', message })),
    ];
  }

  /** Good news of a boot, unless that a majority was not there yet was told: then its end was told as well. */
  private firstMajority(view: StoreView): readonly StoreLine[] {
    if (this.wasReached || !view.hasQuorum || !view.isConfirmed) return [];
    this.wasReached = true;
    return view.isBidding ? [{ level: 'log', message: `${REACHED}: ${countOf(view)}.` }] : [];
  }

  private quorumLost(view: StoreView, silent: readonly StoreNodeStatus[]): readonly string[] {
    const { quorum } = this;
    if (!quorum.wasEverWell && quorum.lastedMs(view.nowMs) < NOT_YET_AFTER_MS) return [];
    const isExplained = silent.length > 0 && silent.every(({ why, problem }) => why ?? problem);
    if (!isExplained && quorum.lastedMs(view.nowMs) < REASON_WITHIN_MS) return [];
    const isRepeated = quorum.isTold;
    if (!quorum.mayTell(view.nowMs)) return [];
    const first = quorum.wasEverWell ? 'Quorum lost' : 'No quorum yet';
    const meaning = isRepeated
      ? `No task could start here for ${spoken(quorum.lastedMs(view.nowMs))}.`
      : 'No task runs here until a majority does.';
    const line = [
      `${isRepeated ? 'Still no quorum' : first}: ${countOf(view)}.`,
      view.isBidding ? meaning : 'No decision about tasks is kept until a majority does.',
      ...sentencesOf(silent).map((sentence) => `${sentence}.`),
      ...(quorum.untold === 0 ? [] : [`Losses since the last line: ${quorum.untold}.`]),
    ].join(' ');
    quorum.told(view.nowMs);
    for (const node of silent) this.recurrenceOf(node).told(view.nowMs);
    return [line];
  }

  private quorumReturned(view: StoreView, silent: readonly StoreNodeStatus[]): readonly string[] {
    const ended = this.quorum.takeReturn();
    if (ended === undefined) return [];
    // One line for all that is well again with it.
    for (const node of view.nodes) if (node.answering) this.recurrenceOf(node).takeReturn();
    const said = ended.wasWellBefore ? 'Quorum is back' : REACHED;
    this.wasReached = true;
    const left = sentencesOf(silent).map((sentence) => ` ${sentence}.`);
    return [`${said}${afterSo(ended.lastedMs)}: ${countOf(view)}.${left.join('')}`];
  }

  private tellNode(node: StoreNodeStatus, view: StoreView): readonly string[] {
    const recurrence = this.recurrenceOf(node);
    const ended = recurrence.takeReturn();
    if (ended !== undefined) {
      const again = ended.wasWellBefore ? 'answers again' : 'answers';
      return [`${node.label} ${again}${afterSo(ended.lastedMs)}: ${countOf(view)}.`];
    }
    const isNews = !recurrence.isTold && recurrence.lastedMs(view.nowMs) >= NODE_SILENT_MS;
    if (node.answering || !isNews || !recurrence.mayTell(view.nowMs)) return [];
    recurrence.told(view.nowMs);
    const what = sentencesOf([node]).join('');
    return [`${what}. ${view.isBidding ? 'Tasks run' : 'Decisions are kept'}, as ${countOf(view)}.`];
  }

  /** What does no harm yet: once, however often the node is connected anew. */
  private tellOddities({ label, warnings = [] }: StoreNodeStatus): readonly string[] {
    const lines = warnings
      .map((warning) => `${label}: ${warning}.`)
      .filter((line) => !this.oddities.has(line));
    for (const line of lines) this.oddities.add(line);
    return lines;
  }

  private recurrenceOf({ label }: StoreNodeStatus): Recurrence {
    const recurrence = this.nodes.get(label) ?? new Recurrence();
    this.nodes.set(label, recurrence);
    return recurrence;
  }
}

function countOf({ nodesAnswering, nodes }: StoreView): string {
  return `${nodesAnswering} of ${nodes.length} nodes answer`;
}

function afterSo(lastedMs: number): string {
  return lastedMs < 10_000 ? '' : ` after ${spoken(lastedMs)}`;
}
