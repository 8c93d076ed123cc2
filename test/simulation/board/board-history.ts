/** What was decided on simulated boards, and what must be true of every board and node afterwards. */

import { DELETED } from '#src/protocol/board/board-record.js';
import type { BoardShares } from '#src/protocol/board/board-shares.js';
import type { BoardStage } from '../../unit/protocol/board/board-stage.js';

/** As of a tenth of a thousandth of a real node: it fills up within a world. */
export const SMALL: BoardShares = { runs: 60, tasks: 70, decisions: 80, notices: 90 };

const DECISIONS = 'in:shop:task:';
const RUNS = 'in:shop:run:';

export class BoardHistory {
  readonly violations: string[] = [];
  /** Acknowledged by a majority, and neither deleted nor about to be. */
  private readonly kept = new Set<string>();
  private readonly deleted = new Set<string>();
  /** By board, what it has shown. */
  private readonly seen = new Map<number, Set<string>>();
  private count = 0;
  /** In the order in which they were written. */
  private runs: string[] = [];

  constructor(private readonly world: BoardStage) {}

  /** Decides something, and deletes something else. */
  async decide(board: number): Promise<void> {
    this.count += 1;
    const key = `${DECISIONS}${this.count}`;
    const verdict = await this.world.ending(this.world.board(board).put(key, '1'));
    if (verdict.kind !== 'kept') this.violations.push('a decision is refused');
    else this.kept.add(key);
  }

  async undo(board: number, chosen: number): Promise<void> {
    const key = [...this.kept][Math.floor(chosen * this.kept.size)];
    if (key === undefined) return;
    this.kept.delete(key);
    await this.deleteKey(board, key);
  }

  async deleteKey(board: number, key: string): Promise<void> {
    const verdict = await this.world.ending(this.world.board(board).delete(key));
    if (verdict.kind === 'kept') this.deleted.add(key);
    else this.violations.push('a deletion is refused');
  }

  /** A key of which another board has begun to put something. */
  newKey(): string {
    this.count += 1;
    return `${DECISIONS}${this.count}`;
  }

  async run(board: number, runs: number): Promise<void> {
    for (let run = 0; run < runs; run += 1) {
      this.count += 1;
      const key = `${RUNS}${this.count}`;
      this.runs.push(key);
      this.world.board(board).post(key, '1');
      // Of different moments.
      if (run % 10 === 9) await this.world.clock.advance(10);
    }
  }

  /** Runs are told by the board that is gone, if at all. */
  forgetRuns(): void {
    this.runs = [];
  }

  /** What a board has shown, and was not deleted, is shown at any time: also while it reads anew. */
  look(boards: readonly number[]): void {
    for (const board of boards) {
      const shown = new Set(
        this.world
          .board(board)
          .list(DECISIONS)
          .map(({ key }) => key),
      );
      const seen = this.seen.get(board) ?? new Set();
      if ([...seen].some((key) => this.kept.has(key) && !shown.has(key))) {
        this.violations.push('a decision is not shown for a moment');
      }
      this.seen.set(board, new Set([...seen, ...shown]));
    }
  }

  /** When everybody reaches everybody, and has done so for a while. */
  check(boards: readonly number[]): void {
    for (const board of boards) {
      const shown = new Set(
        this.world
          .board(board)
          .list('')
          .map(({ key }) => key),
      );
      if ([...this.deleted].some((key) => shown.has(key))) this.violations.push('what was deleted is back');
      if ([...this.kept].some((key) => !shown.has(key))) this.violations.push('a decision is gone');
      if (!this.world.board(board).isCurrent) this.violations.push('a board is not current');
    }
    for (const node of this.world.nodes) {
      const records = node.snapshot().board.records.map(({ record }) => record);
      const keys = new Set(records.filter(({ value }) => value !== DELETED).map(({ key }) => key));
      if (records.length > SMALL.notices) this.violations.push('a node keeps more than it may');
      if ([...this.deleted].some((key) => keys.has(key)))
        this.violations.push('a node keeps what was deleted');
      if ([...this.kept].some((key) => !keys.has(key))) this.violations.push('a node is not refilled');
      const runs = records.filter(({ key }) => key.startsWith(RUNS)).length;
      if (runs > SMALL.runs) this.violations.push('runs have more than their share');
      // An older one may fill the place of a record that has expired.
      if (this.runs.slice(-SMALL.runs / 2).some((key) => !keys.has(key))) {
        this.violations.push('a newer run has made way');
      }
    }
  }
}
