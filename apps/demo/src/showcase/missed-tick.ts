import type { Outcome } from 'nestjs-distributed-schedule';
import type { FaultLog } from './fault-log.js';
import type { TickEntry } from './scoreboard.js';

/** A fault this close to a tick, before or after, can have cost it. */
const SPREAD_MS = 1_000;

/** No node grants a tick earlier than this before its instant. */
const EARLIEST_CLAIM_MS = 100;

/** The run lock of a holder that stands still is not freed before its lease has ended. */
const LEASE_TTL_MS = 3_000;

export interface ClusterSize {
  readonly voters: number;
  readonly replicas: number;
}

export interface MissReason {
  readonly text: string;
  /** False when nothing that was done to the cluster accounts for it. */
  readonly explained: boolean;
}

/** Why nobody ran a tick: the replicas' own words, believed only where a fault at that time accounts for them. */
export function explainMiss(entry: TickEntry, faults: FaultLog, size: ClusterSize): MissReason {
  const said = new Set([...entry.reports.values()].map(({ outcome }) => outcome));
  const reason = reasonOf(entry.tick, said, faults, size);
  if (reason !== undefined) return { text: reason, explained: true };
  return { text: said.size === 0 ? 'no replica reported it' : [...said].join(', '), explained: false };
}

function reasonOf(
  tick: number,
  said: ReadonlySet<Outcome>,
  faults: FaultLog,
  size: ClusterSize,
): string | undefined {
  const majority = Math.floor(size.voters / 2) + 1;
  const { up, voting } = faults.nodesThrough(tick - SPREAD_MS, tick + SPREAD_MS);
  if (up < majority) return 'no majority of masters is up';
  if (voting < majority) return 'quarantine after an empty start';
  const away = faults.replicasAwayWithin(tick - SPREAD_MS, tick + SPREAD_MS);
  if (away === size.replicas) return 'no replica is up';
  const winner = faults.absenceBegunWithin(tick - EARLIEST_CLAIM_MS, tick + SPREAD_MS);
  if (winner !== undefined && !said.has('no_quorum'))
    return `won by ${winner.replica}, ${winner.how} before it ran`;
  const holder = faults.absenceBegunWithin(tick - LEASE_TTL_MS - SPREAD_MS, tick);
  // With a master missing, the one vote that a stopped replica still holds is enough to leave no majority.
  const isShort = voting < size.voters && said.has('no_quorum');
  const isHeld = holder !== undefined && (said.has('overlap') || isShort);
  return isHeld ? `lock of ${holder.replica}, ${holder.how}, not yet free` : undefined;
}
