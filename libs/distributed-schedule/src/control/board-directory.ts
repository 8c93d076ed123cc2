/** What this instance knows about others by the board, for the audit. */

import type { InstanceDirectory } from '../protocol/audit/audit-source.js';
import { TOLD_TTL_MS, toldKey } from '../protocol/board/board-keys.js';
import type { BoardView } from '../protocol/board/board-room.js';
import type { InstanceNotices } from '../protocol/board/instance-notices.js';
import type { AuditFinding } from '../protocol/contract/audit-finding.js';
import { recordOn } from './control-records.js';

/** The newest tick of which some instance has told that it was missed or lost. */
interface ToldRecord {
  readonly tick: number;
}

/**
 * The first of a task goes out at once, those that follow with the next notice: where every tick is missed, a record for each would be most
 * of what instances and nodes exchange. The others wait longer than that before they tell it themselves (HOLD_MS).
 */
export class BoardDirectory implements InstanceDirectory {
  /** By key: the newest tick that was told here since the last notice, and whether the board has it. */
  private readonly told = new Map<string, { tick: number; isPosted: boolean }>();

  constructor(
    private readonly board: BoardView,
    private readonly notices: Pick<InstanceNotices, 'sinceMsOf' | 'onPost'>,
  ) {
    notices.onPost(() => this.postWhatIsNew());
  }

  sinceMsOf(instanceId: string): number | undefined {
    return this.notices.sinceMsOf(instanceId);
  }

  hasTold({ task, tick, outcome }: Pick<AuditFinding, 'task' | 'tick' | 'outcome'>): boolean {
    const key = toldKey(outcome, task);
    const here = this.told.get(key)?.tick ?? 0;
    return Math.max(here, recordOn<ToldRecord>(this.board, key)?.tick ?? 0) >= tick;
  }

  noteTold({ task, tick, outcome }: AuditFinding): void {
    const key = toldKey(outcome, task);
    const known = this.told.get(key);
    if (known === undefined) {
      this.told.set(key, { tick, isPosted: true });
      this.post(key, tick);
    } else if (tick > known.tick) this.told.set(key, { tick, isPosted: false });
  }

  private postWhatIsNew(): void {
    for (const [key, { tick, isPosted }] of this.told) {
      if (!isPosted) this.post(key, tick);
      // What was posted goes out at once again when nothing came since the last notice.
      if (isPosted) this.told.delete(key);
      else this.told.set(key, { tick, isPosted: true });
    }
  }

  private post(key: string, tick: number): void {
    this.board.post(key, JSON.stringify({ tick } satisfies ToldRecord), TOLD_TTL_MS);
  }
}
