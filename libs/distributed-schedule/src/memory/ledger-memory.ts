/** What one memory node keeps in its ledger, and loses with its memory. */

import type { KeptEnds } from '../protocol/contract/attempt-end.js';
import type { LedgerId } from '../protocol/contract/ledger-id.js';

/** A task's newest grant, and the tick before it for a give-back. */
export interface Entry {
  readonly tick: number;
  readonly claimId: string;
  readonly previousTick: number;
  /** In which it was written. */
  readonly epoch: number;
}

/** What a node keeps in its memory, and loses with it. */
export interface LedgerMemory {
  version: number;
  incarnation: number;
  floor: number;
  sinceMs: number;
  id: LedgerId;
  /** Node time since when this id has listened to beats. */
  idSinceMs: number;
  /** The position at which the id votes; undefined while it has no vote. */
  vote: string | undefined;
  /** As text, since it is compared as text; `''` for none. */
  stamp: string;
  /** The newest instant ever granted. */
  highest: number;
  /** How often what was granted by a clock that was set back has been left behind. */
  epoch: number;
  /** What older epochs have granted above this counts no more. */
  burntAboveMs: number;
  /** Lines that are not there may have gone: nothing at or below this is granted to their tasks. */
  prunedUpTo: number;
  /** The longest time for which somebody may still claim an instant, as far as the node was told, and when it was told that. */
  windowMs: number;
  windowToldMs: number;
  /** When lines were last looked through; undefined: never. */
  passEndedMs: number | undefined;
  /** The newest ids of other nodes, by position. */
  readonly noted: Map<string, LedgerId>;
}

export interface LedgerSnapshot {
  readonly entries: ReadonlyMap<string, Entry>;
  readonly ends: ReadonlyMap<string, KeptEnds>;
  readonly memory: LedgerMemory | undefined;
}
