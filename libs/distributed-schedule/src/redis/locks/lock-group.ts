/**
 * Locks that the engine decides with one call, as they have the same votes: each node so far has granted all of them or none.
 *
 * A node that grants some and refuses others parts them. Those that it has granted stay, the others are decided by a call of
 * their own, to which the nodes that have answered before answer the same again. So each lock has the engine's own verdict.
 */

import type { LedgerIds } from '../../protocol/contract/ledger-id.js';
import type { CarriedClaims } from '../../protocol/contract/ports.js';
import type { LockRound } from './lock-round.js';

export class LockGroup {
  /** Called with those that are parted from it, which have not been decided. */
  onPart: (part: LockGroup) => void = () => {};
  /** Its locks are released as their runs have ended: no message that could set one has yet to leave. */
  isLeaving = false;
  private isDecided = false;
  private onRefused: (() => void) | undefined;

  constructor(
    private those: readonly LockRound[],
    /** The memories that every message names; undefined: whatever answers. */
    readonly ids?: LedgerIds | undefined,
    /** Claims that go with its locks; undefined: none. */
    readonly carried?: CarriedClaims | undefined,
    /** The messages that ask for them, by the index of the node. Each asks for all that were one group when it left. */
    readonly asked = new Map<number, Promise<void>>(),
  ) {}

  get rounds(): readonly LockRound[] {
    return this.those;
  }

  /** Gives a value of its own to each lock that has none. The engine has one random value for a call. */
  nameBy(engineValue: string): void {
    for (const [index, round] of this.those.entries())
      if (round.value === '') round.value = `${engineValue}n${index}`;
  }

  /** Whether a node, whose votes are noted, has granted them. */
  isGrantedBy(node: number): boolean {
    const refused = this.those.filter((round) => !round.hasGrantOf(node));
    const isMixed = refused.length > 0 && refused.length < this.those.length;
    if (isMixed && !this.isDecided) {
      this.those = this.those.filter((round) => round.hasGrantOf(node));
      this.onPart(new LockGroup(refused, this.ids, this.carried, this.asked));
    }
    if (this.isRefused) this.onRefused?.();
    return isMixed || refused.length === 0;
  }

  /** What comes later parts it no more. */
  decided(end: NonNullable<LockRound['end']>): void {
    this.isDecided = true;
    for (const round of this.those) round.end = end;
  }

  /** Resolves when no later vote can grant one of them: until then some may be open that the engine is against. */
  get refused(): Promise<void> {
    return new Promise((resolve) => {
      this.onRefused = resolve;
      if (this.isRefused) resolve();
    });
  }

  private get isRefused(): boolean {
    return this.those.every((round) => round.isRefused);
  }
}
