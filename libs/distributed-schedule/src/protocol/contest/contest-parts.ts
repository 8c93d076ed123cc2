import type { DueTick } from '../contract/due-tick.js';
import type { PeekAnswer } from '../contract/line-past.js';
import type { LabelsOf } from '../members/ranking.js';
import type { RunParts } from '../run/run-parts.js';

/** What an instance needs to take part in contests. */
export interface ContestParts extends RunParts {
  /** The live instances, as this one knows them now. */
  readonly members: () => readonly string[];
  /** Those of them that run a task, this one included. Absent: all. */
  readonly contenders?: (task: string) => readonly string[];
  /** Absent: nobody has labels. */
  readonly labelsOf?: LabelsOf;
  /** The instance's beat, which answers the peeks of standby ticks in the same message. */
  readonly beat: (peeks: readonly DueTick[]) => Promise<readonly PeekAnswer[]>;
}
