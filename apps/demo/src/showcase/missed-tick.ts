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
  const { tick } = entry;
  const majority = Math.floor(size.voters / 2) + 1;
  const { up, voting } = faults.nodesThrough(tick - SPREAD_MS, tick + SPREAD_MS);
  if (up < majority) return explained('no majority of masters is up');
  if (voting < majority) return explained('quarantine after an empty start');
  if (faults.replicasAwayWithin(tick - SPREAD_MS, tick + SPREAD_MS) === size.replicas) {
    return explained('no replica is up');
  }
  const said = new Set([...entry.reports.values()].map((report) => report.outcome));
  const winner = faults.absenceBegunWithin(tick - EARLIEST_CLAIM_MS, tick + SPREAD_MS);
  if (winner !== undefined && !said.has('no_quorum')) {
    return explained(`won by ${winner.replica}, ${winner.how} before it ran`);
  }
  const holder = faults.absenceBegunWithin(tick - LEASE_TTL_MS - SPREAD_MS, tick);
  // With a master missing, the one vote that a stopped replica still holds is enough to leave no majority.
  const isShort = voting < size.voters && said.has('no_quorum');
  if (holder !== undefined && (said.has('overlap') || isShort)) {
    return explained(`lock of ${holder.replica}, ${holder.how}, not yet free`);
  }
  return { text: said.size === 0 ? 'no replica reported it' : [...said].join(', '), explained: false };
}

function explained(text: string): MissReason {
  return { text, explained: true };
}
