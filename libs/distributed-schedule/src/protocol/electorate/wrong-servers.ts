/**
 * Nodes where we meet an id that others replaced. A stale name is cured by connecting anew; an address that was
 * led back on purpose needs a new id for the old server.
 */

import type { LedgerId } from '../contract/ledger-id.js';
import type { IdStanding } from './known-node.js';

/** Reconnects follow each other at doubling distances. */
const FIRST_RECONNECT_MS = 1_000;
const MAX_RECONNECT_MS = 30_000;

/** Before an id that has a vote is given up. Long against a resolver's refresh, as the other nodes go on meanwhile. */
export const GIVE_UP_ID_MS = 10_000;

/** Another id is in use: asked again soon while that may be the word of the dead, and then at doubling distances. */
const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 10_000;

/** After a restart all drop the old id within two beats. Who names another one after this, meets another server. */
const CONTESTED_AFTER_MS = 4_000;

interface Trouble {
  readonly id: LedgerId;
  readonly sinceMs: number;
  reconnectMs: number;
  distanceMs: number;
}

interface HeldUp {
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly distanceMs: number;
}

export class WrongServers {
  private readonly troubles = new Map<string, Trouble>();
  private readonly heldUp = new Map<string, HeldUp>();

  /** Notes how a node stands. Answers whether it is to be connected anew now. */
  see(
    position: string,
    { id, standing }: { readonly id: LedgerId; readonly standing: IdStanding },
    nowMs: number,
  ): 'reconnect' | undefined {
    if (standing === 'votes') this.heldUp.delete(position);
    if (standing !== 'wrong_server' && standing !== 'superseded') {
      this.troubles.delete(position);
      return undefined;
    }
    const known = this.troubles.get(position);
    // How many others know the newer one may change while they forget, and says nothing of how long this one is met.
    const trouble: Trouble =
      known?.id === id ? known : { id, sinceMs: nowMs, reconnectMs: nowMs, distanceMs: FIRST_RECONNECT_MS };
    this.troubles.set(position, trouble);
    if (standing !== 'wrong_server' || nowMs < trouble.reconnectMs) return undefined;
    trouble.reconnectMs = nowMs + trouble.distanceMs;
    trouble.distanceMs = Math.min(trouble.distanceMs * 2, MAX_RECONNECT_MS);
    return 'reconnect';
  }

  /** The same id was met for GIVE_UP_ID_MS: give it up for a new one. */
  isHopeless(position: string, nowMs: number): boolean {
    const trouble = this.troubles.get(position);
    return trouble !== undefined && nowMs >= trouble.sinceMs + GIVE_UP_ID_MS;
  }

  /** Another id of the position is in use: no use in asking again at once. */
  holdUp(position: string, nowMs: number): void {
    const known = this.heldUp.get(position);
    const distanceMs = this.isContested(position, nowMs)
      ? Math.min((known?.distanceMs ?? 0) * 2, MAX_RETRY_MS)
      : Math.min(known?.distanceMs ?? 0, FIRST_RETRY_MS);
    this.heldUp.set(position, {
      sinceMs: known?.sinceMs ?? nowMs,
      untilMs: nowMs + distanceMs,
      distanceMs: Math.max(distanceMs, FIRST_RETRY_MS),
    });
  }

  isHeldUp(position: string, nowMs: number): boolean {
    return nowMs < (this.heldUp.get(position)?.untilMs ?? Number.NEGATIVE_INFINITY);
  }

  isContested(position: string, nowMs: number): boolean {
    return nowMs >= (this.heldUp.get(position)?.sinceMs ?? Number.POSITIVE_INFINITY) + CONTESTED_AFTER_MS;
  }

  /** Nobody has said no to its id this time. */
  goOn(position: string): void {
    this.heldUp.delete(position);
  }
}
