import { sentencesOf, spoken } from './node-words.js';
import { Recurrence } from './recurrence.js';
import type { StoreNodeStatus } from './schedule-backend.js';

/** What is looked at. */
export interface StoreView {
  readonly nowMs: number;
  readonly hasQuorum: boolean;
  readonly nodesAnswering: number;
  readonly nodes: readonly StoreNodeStatus[];
  /** Otherwise the instance only reads and decides. */
  readonly isBidding: boolean;
}

/** A single node that is silent for less is no news: one late reply does no harm. */
const NODE_SILENT_MS = 2_000;

/** So long a reason is waited for before a lack of a majority is told without one. */
const REASON_WITHIN_MS = 2_000;

/** What the log says of the store, decided from what is seen of it: each line once, and while it lasts once a minute. */
export class StoreTeller {
  private readonly quorum = new Recurrence();
  private readonly nodes = new Map<string, Recurrence>();
  private readonly oddities = new Set<string>();

  /** The lines that are due now, all of one level: a return is as much news as its loss. */
  look(view: StoreView): readonly string[] {
    const silent = view.nodes.filter((node) => !node.answering);
    for (const node of view.nodes) this.recurrenceOf(node).see(!node.answering, view.nowMs);
    this.quorum.see(!view.hasQuorum, view.nowMs);
    const lines = view.hasQuorum
      ? [...this.quorumReturned(view, silent), ...view.nodes.flatMap((node) => this.tellNode(node, view))]
      : this.quorumLost(view, silent);
    return [...lines, ...view.nodes.flatMap((node) => this.tellOddities(node))];
  }

  private quorumLost(view: StoreView, silent: readonly StoreNodeStatus[]): readonly string[] {
    const { quorum } = this;
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
    const said = ended.wasWellBefore ? 'Quorum is back' : 'Quorum reached';
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

/** That of a moment is no news. */
function afterSo(lastedMs: number): string {
  return lastedMs < 10_000 ? '' : ` after ${spoken(lastedMs)}`;
}
