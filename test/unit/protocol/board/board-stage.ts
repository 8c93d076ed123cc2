/** Several boards over memory nodes, with links that a test cuts, on a clock that it moves by hand. */

import { MemoryNode } from '#src/memory/memory-node.js';
import { Board } from '#src/protocol/board/board.js';
import type { BoardNode } from '#src/protocol/board/board-node.js';
import type { BoardVerdict } from '#src/protocol/board/board-put.js';
import { BOARD_SHARES, type BoardShares } from '#src/protocol/board/board-shares.js';
import type { ScheduleEvent } from '#src/protocol/contract/observer.js';
import { ClusterClock } from '#src/protocol/time/cluster-clock.js';
import { ManualClock } from '#src/testing/manual-clock.js';
import { SeededRandom } from '#src/testing/seeded-random.js';
import { SuspendableClock } from './suspendable-clock.js';

/** How one board reaches one node. */
type Link = 'open' | 'cut' | 'deaf';

export interface BoardStageOptions {
  readonly nodes?: number;
  readonly boards?: number;
  readonly seed?: number;
  /** How many records a node keeps; by default as many as a real one. */
  readonly shares?: BoardShares;
}

/** Longer than two exchanges and what instances leave to others first. */
export const CONVERGES_WITHIN_MS = 6_000;

/** Less than a board is believed to be without a majority. */
const JUMP_MS = 6 * 3_600_000;

export class BoardStage {
  readonly clock = new ManualClock();
  readonly nodes: readonly MemoryNode[];
  readonly boards: Board[] = [];
  readonly events: ScheduleEvent[] = [];
  /** Exchanges per node. */
  readonly exchanges: number[];
  private readonly machines: SuspendableClock[] = [];
  private readonly links = new Map<string, Link>();
  private readonly delays = new Map<number, number>();
  private readonly random: SeededRandom;

  constructor({ nodes = 3, boards = 3, seed = 1, shares = BOARD_SHARES }: BoardStageOptions = {}) {
    this.random = new SeededRandom(seed);
    this.nodes = Array.from({ length: nodes }, () => new MemoryNode(this.clock, undefined, shares));
    this.exchanges = this.nodes.map(() => 0);
    for (let index = 0; index < boards; index += 1) this.join();
  }

  /** A further board, started. `skew` is how far its machine's clock is off while it has not heard the nodes. */
  join(): Board {
    const boardIndex = this.boards.length;
    const clock = new SuspendableClock(this.clock);
    this.machines.push(clock);
    const clusterClock = new ClusterClock(clock, this.nodes.length);
    const board = new Board({
      nodes: this.nodes.map((node, index) => this.connect(boardIndex, node, index, clock, clusterClock)),
      clock,
      clusterClock,
      random: this.random,
      observer: { observe: (event) => this.events.push(event) },
    });
    this.boards.push(board);
    board.start();
    return board;
  }

  board(index: number): Board {
    const board = this.boards[index];
    if (board === undefined) throw new Error(`no board ${index}`);
    return board;
  }

  /** `cut`: messages are lost. `deaf`: they arrive, and the answers are lost. */
  link(board: number, node: number, state: Link): void {
    this.links.set(`${board}-${node}`, state);
  }

  heal(): void {
    this.links.clear();
  }

  /** Nobody reaches the node, which keeps its memory. */
  cutOff(node: number): void {
    for (const board of this.boards.keys()) this.link(board, node, 'cut');
  }

  /** Lets time pass without thousands of exchanges: nobody wakes for most of it, and all that live meet now and then. */
  async passes(durationMs: number): Promise<void> {
    for (let leftMs = durationMs; leftMs > 0; leftMs -= JUMP_MS) {
      this.clock.jump(Math.min(JUMP_MS, leftMs));
      await this.clock.advance(CONVERGES_WITHIN_MS);
    }
  }

  /** The node answers later by so many ms. */
  delay(node: number, ms: number): void {
    this.delays.set(node, ms);
  }

  /** The machine of a board stands still. */
  suspend(board: number): void {
    this.machines[board]?.suspend();
  }

  async resume(board: number): Promise<void> {
    await this.machines[board]?.resume();
  }

  /** Stops every board, moving the clock. */
  async stop(): Promise<void> {
    let hasStopped = false;
    const stopped = Promise.all(this.boards.map((board) => board.stop())).then(() => {
      hasStopped = true;
    });
    while (!hasStopped) await this.clock.advance(20);
    await stopped;
  }

  /** Waits for a put, moving the clock. */
  async ending(put: Promise<BoardVerdict>): Promise<BoardVerdict> {
    let verdict: BoardVerdict | undefined;
    void put.then((value) => {
      verdict = value;
    });
    for (let ms = 0; ms < 5_000 && verdict === undefined; ms += 10) await this.clock.advance(10);
    if (verdict === undefined) throw new Error('the put has not ended');
    return verdict;
  }

  private connect(
    boardIndex: number,
    node: MemoryNode,
    index: number,
    machine: SuspendableClock,
    clusterClock: ClusterClock,
  ): BoardNode {
    const connected = node.connectBoard({
      label: `node ${index + 1}`,
      onReply: (nodeTimeMs) => {
        if (this.links.get(`${boardIndex}-${index}`) !== undefined) return;
        const nowMs = machine.monotonicMs();
        clusterClock.observe({ node: index, sentMs: nowMs, receivedMs: nowMs, nodeTimeMs });
      },
    });
    const silence = { answered: false, reason: 'cut' } as const;
    return {
      label: connected.label,
      exchange: async (...request) => {
        const state = this.links.get(`${boardIndex}-${index}`) ?? 'open';
        await this.clock.sleepUntil(this.clock.monotonicMs() + 1 + (this.delays.get(index) ?? 0));
        if (state === 'cut') return silence;
        this.exchanges[index] = (this.exchanges[index] ?? 0) + 1;
        const reply = await connected.exchange(...request);
        // It lies in a buffer while its reader is suspended.
        await machine.awake();
        return state === 'deaf' ? silence : reply;
      },
    };
  }
}
