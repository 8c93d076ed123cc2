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

export class BoardDirectory implements InstanceDirectory {
  constructor(
    private readonly board: BoardView,
    private readonly notices: InstanceNotices,
  ) {}

  sinceMsOf(instanceId: string): number | undefined {
    return this.notices.sinceMsOf(instanceId);
  }

  hasTold({ task, tick, outcome }: Pick<AuditFinding, 'task' | 'tick' | 'outcome'>): boolean {
    return (recordOn<ToldRecord>(this.board, toldKey(outcome, task))?.tick ?? 0) >= tick;
  }

  noteTold({ task, tick, outcome }: AuditFinding): void {
    this.board.post(toldKey(outcome, task), JSON.stringify({ tick } satisfies ToldRecord), TOLD_TTL_MS);
  }
}
