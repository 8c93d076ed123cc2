/**
 * The notice board as one instance sees it: what people decide at run time (a task is paused), never who runs a tick.
 * Every instance exchanges news with every node once a period, and passes on what a node lacks.
 */

import { BoardContents } from './board-contents.js';
import { BoardHearing } from './board-hearing.js';
import { TOMBSTONE_TTL_MS } from './board-keys.js';
import { BoardLink } from './board-link.js';
import { BoardLinks } from './board-links.js';
import { type BoardListener, BoardListeners } from './board-listeners.js';
import type { BoardNode } from './board-node.js';
import type { BoardParts } from './board-parts.js';
import { type BoardVerdict, deliver, PUT_RETRY_MS } from './board-put.js';
import {
  BOARD_PERIOD_MS,
  type BoardEntry,
  type BoardRecord,
  DELETED,
  requireRecordSize,
} from './board-record.js';
import { BoardTeller } from './board-teller.js';

/** How long a put tries to reach a majority. */
const PUT_PATIENCE_MS = 1_000;

export class Board {
  private readonly contents: BoardContents;
  private readonly links: BoardLinks;
  private readonly listeners: BoardListeners;
  private readonly stopping = new AbortController();
  private readonly hearing: BoardHearing;
  /** Ends what was begun before this instance has forgotten what it knew. */
  private discarding = new AbortController();
  private markCurrent: () => void = () => {};
  private sweeping: Promise<void> | undefined;
  /** Resolves when what the nodes keep has been read, from a majority at least. */
  readonly whenCurrent: Promise<void>;

  constructor(private readonly parts: BoardParts) {
    const { clock, random, clusterClock } = parts;
    this.contents = new BoardContents(random.id(), () => clusterClock.nowMs());
    this.listeners = new BoardListeners(parts.observer);
    const teller = new BoardTeller(parts.observer, () => clock.monotonicMs());
    this.hearing = new BoardHearing({ clock, clusterClock, nodes: parts.nodes.length });
    this.whenCurrent = new Promise((resolve) => {
      this.markCurrent = resolve;
    });
    this.links = new BoardLinks(parts.nodes.map((node, index) => this.link(node, index, teller)));
  }

  /** Starts the exchange. A second call does nothing. */
  start(): void {
    if (this.stopping.signal.aborted) return;
    this.links.start(this.stopping.signal);
    this.sweeping ??= this.sweepLoop();
  }

  /** Passes on what was posted last, within a node timeout or two, and ends the exchange. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await Promise.all([this.links.end(), this.sweeping]);
  }

  /** What the nodes keep has been read, from a majority at least and from all that answer. */
  get isCurrent(): boolean {
    return this.links.areCurrent;
  }

  get isStopped(): boolean {
    return this.stopping.signal.aborted;
  }

  /** Cluster time, epoch ms: what stamps and expiry go by. */
  nowMs(): number {
    return this.parts.clusterClock.nowMs();
  }

  /** JSON text, or undefined where nothing stands under the key. */
  get(key: string): string | undefined {
    return this.entry(key)?.value;
  }

  /** What stands under keys that begin with `prefix`, by key. */
  list(prefix: string): readonly BoardEntry[] {
    return this.contents.list(prefix);
  }

  /** What stands under that key alone. */
  entry(key: string): BoardEntry | undefined {
    return this.contents.entry(key);
  }

  /** Tells of changes from now on, own ones included. Answers how to end it. */
  watch(listener: BoardListener): () => void {
    return this.listeners.add(listener);
  }

  /**
   * Waits about a second for a majority. Of two concurrent records of a key one counts, for everybody the same.
   * @param ttlMs after which the record is gone; without it, it stays
   * @throws DistributedScheduleError DSCHED_BOARD_LIMIT
   */
  async put(key: string, value: string, ttlMs?: number): Promise<BoardVerdict> {
    requireRecordSize(key, value);
    const { clock } = this.parts;
    const untilMs = clock.monotonicMs() + PUT_PATIENCE_MS;
    // Before the first answer there is no cluster time to stamp with.
    while (!this.parts.clusterClock.synchronised && clock.monotonicMs() < untilMs) {
      this.flush();
      await clock.sleepUntil(clock.monotonicMs() + PUT_RETRY_MS, this.stopping.signal);
      if (this.stopping.signal.aborted) break;
    }
    return deliver(
      {
        links: this.links.all,
        clock,
        stopped: this.stopping.signal,
        discarded: this.discarding.signal,
        onKept: (record) => this.takeIn([record], true),
        outbid: (record) => this.contents.outbid(record),
      },
      this.contents.make(key, value, ttlMs),
      untilMs,
    );
  }

  /** Deletes a record as {@link put} writes one. */
  async delete(key: string): Promise<BoardVerdict> {
    return this.put(key, DELETED, TOMBSTONE_TTL_MS);
  }

  /** Counts here at once, and goes out with the next exchanges. @throws DistributedScheduleError DSCHED_BOARD_LIMIT */
  post(key: string, value: string, ttlMs?: number): void {
    requireRecordSize(key, value);
    this.takeIn([this.contents.make(key, value, ttlMs)], true);
  }

  /** Exchanges with all nodes at once instead of at the next period. */
  flush(): void {
    this.links.flush();
  }

  /** A beat leaves now: exchanges that are nearly due leave in the same moment, so that a connection can send both at once. */
  readonly joinBeat = (): void => this.links.join();

  private takeIn(records: readonly BoardRecord[], isOwn: boolean): void {
    const news = this.contents.takeIn(records);
    for (const record of news) this.links.note(record, isOwn);
    this.listeners.tell(new Set(news.map(({ key }) => key)));
  }

  private noteAnswer(): void {
    if (!this.isCurrent) return;
    this.listeners.tell(new Set(this.contents.map.settle()));
    this.markCurrent();
  }

  private link(node: BoardNode, index: number, teller: BoardTeller): BoardLink {
    const { clock, random, clusterClock, observer } = this.parts;
    return new BoardLink({
      node,
      map: this.contents.map,
      clock,
      random,
      nowMs: () => clusterClock.nowMs(),
      isSynchronised: () => clusterClock.synchronised,
      discardIfTooOld: () => this.discardIfTooOld(),
      judge: (sent, inTouchMs) => this.hearing.judge(index, sent, inTouchMs),
      onChanges: (records) => this.takeIn(records, false),
      onAnswer: () => this.noteAnswer(),
      onFull: () => teller.full(node.label),
      isAllRead: () => this.isCurrent,
      onLoss: (loss) => teller.lost(node.label, loss),
      onError: (error) => observer.observe({ type: 'error', error, where: 'board: exchange' }),
    });
  }

  /** What is known may have been deleted, and that forgotten. It is read anew, and shown until then. */
  private discardIfTooOld(): void {
    if (!this.hearing.isTooOld) return;
    this.hearing.readAnew();
    this.discarding.abort('forgotten');
    this.discarding = new AbortController();
    this.contents.map.readAnew();
    this.links.restart();
  }

  private async sweepLoop(): Promise<void> {
    const { clock } = this.parts;
    while (!this.stopping.signal.aborted) {
      const gone = this.contents.sweep();
      this.links.forget(gone);
      this.listeners.tell(new Set(gone));
      this.discardIfTooOld();
      await clock.sleepUntil(clock.monotonicMs() + BOARD_PERIOD_MS, this.stopping.signal);
    }
  }
}
