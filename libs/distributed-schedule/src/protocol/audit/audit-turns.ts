/** Whose turn it is to tell what several instances have found. */

import type { AuditFinding } from '../contract/audit-finding.js';
import { MEMBER_TTL_MS } from '../contract/constants.js';
import { BEAT_PERIOD_MS } from '../members/beat-tally.js';
import { contendersFor, eligibleAmong, rankOf } from '../members/ranking.js';
import type { AuditParts, InstanceDirectory, TaskLookup } from './audit-source.js';

/** For leaseTtlMs plus this after our start we audit nothing: new nodes refuse locks, and every tick would look missed. */
export const SETTLING_MS = 2_000;

/**
 * After this, an instance that died before it could tell is no member any more; and what a live one has told with its next notice, 3 s
 * later at most, has come by two exchanges of the board.
 */
export const HOLD_MS = MEMBER_TTL_MS + 2.5 * BEAT_PERIOD_MS;

/** What has been worked out is used for so long: thousands of findings may be held, and each is looked at twice a second. */
const REMEMBERED_MS = 1_000;

type Finding = Pick<AuditFinding, 'task' | 'tick' | 'outcome'>;

type Parts = Pick<
  AuditParts,
  | 'instanceId'
  | 'hasQuorum'
  | 'members'
  | 'contenders'
  | 'labelsOf'
  | 'options'
  | 'clusterClock'
  | 'directory'
>;

export class AuditTurns {
  /** By outcome, task and how many members watched the tick. */
  private readonly known = new Map<string, boolean>();
  private members: readonly string[] = [];
  /** Since when each member is there, cluster time, in rising order. */
  private sinceMs: readonly number[] = [];
  private knownUntilMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly parts: Parts,
    private readonly lookup: Pick<TaskLookup, 'taskOf'>,
  ) {}

  /** Without a majority each instance speaks for itself: it cannot know who else lives. */
  isMine(finding: Finding): boolean {
    if (!this.parts.hasQuorum()) return true;
    this.forgetOld();
    const { task, tick, outcome } = finding;
    const fromMs = this.watchesFromMs(tick);
    const watching = this.sinceMs.filter((sinceMs) => sinceMs <= fromMs).length;
    const key = `${outcome} ${watching} ${task}`;
    let isMine = this.known.get(key);
    if (isMine === undefined) {
      isMine = this.isFirst(finding);
      this.known.set(key, isMine);
    }
    return isMine;
  }

  private forgetOld(): void {
    const { clusterClock, directory, members } = this.parts;
    const nowMs = clusterClock.nowMs();
    const those = members();
    if (those === this.members && nowMs < this.knownUntilMs) return;
    this.known.clear();
    this.members = those;
    this.sinceMs = directory === undefined ? [] : those.map((id) => sinceMsOf(directory, id));
    this.knownUntilMs = nowMs + REMEMBERED_MS;
  }

  private isFirst({ task, tick, outcome }: Finding): boolean {
    const { instanceId, directory, labelsOf = () => [] } = this.parts;
    const placement = this.lookup.taskOf(task)?.placement;
    // The others find nothing while one of those lives that may run it.
    const those = contendersFor(this.parts, task);
    if (outcome === 'lost' && directory !== undefined) return eldest(those, directory) === instanceId;
    const watching = this.thoseWatching(those, tick);
    const isLeftToAll = eligibleAmong(watching, placement, labelsOf).length === 0;
    return rankOf(task, instanceId, watching, isLeftToAll ? undefined : placement, labelsOf) === 0;
  }

  /** One that has just come watches no ticks yet, so it would never tell; without any other all count. */
  private thoseWatching(those: readonly string[], tick: number): readonly string[] {
    const { directory } = this.parts;
    if (directory === undefined) return those;
    const fromMs = this.watchesFromMs(tick);
    const watching = those.filter((id) => sinceMsOf(directory, id) <= fromMs);
    return watching.length === 0 ? those : watching;
  }

  /** Whoever is there since then watches the tick. */
  private watchesFromMs(tick: number): number {
    return tick - this.parts.options.leaseTtlMs - SETTLING_MS;
  }
}

/** A later claim hides a lost run from instances that came after it. The eldest was there, if any was. */
function eldest(those: readonly string[], directory: Directory): string | undefined {
  const sinceMs = (id: string): number => sinceMsOf(directory, id);
  return [...those].sort((one, other) => sinceMs(one) - sinceMs(other) || (one < other ? -1 : 1))[0];
}

type Directory = Pick<InstanceDirectory, 'sinceMsOf'>;

function sinceMsOf(directory: Directory, instanceId: string): number {
  return directory.sinceMsOf(instanceId) ?? Number.POSITIVE_INFINITY;
}
