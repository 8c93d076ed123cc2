/** Locks and claims of one instant in one message per node: the lock provider sends it, the ledger counts what it says of claims. */

import type { AnswersWanted, Claim, ClaimReply, ClaimVerdict } from './claim.js';
import type { LedgerIds } from './ledger-id.js';
import type { NodeSet } from './node-set.js';
import type { NodeReply } from './voting-node.js';

/** Claims that go with the message for their locks. A node claims where it grants the lock, in one step. */
export interface CarriedClaims {
  /** One per lock, in order. */
  readonly claims: readonly Claim[];
  /** Which every message names, and the memories that count. */
  readonly set: NodeSet;
  readonly ids: LedgerIds;
  /**
   * To be called right before the message leaves for the node at that position. False: nobody waits for it any more, and it must not leave.
   * @param deadlineMs node time after which it refuses the message
   */
  left(position: string, deadlineMs: number): boolean;
  /** To be called with what the node says of the claims, once, after {@link left}. */
  answered(position: string, reply: NodeReply<ClaimReply>): void;
}

/** Claims of which the ledger has handed out the message. */
export interface ClaimsOnTheWay {
  readonly carried: CarriedClaims;
  /**
   * Whether any message has left; to be asked when the provider has answered, since none leaves any more from then on. None has where the lock provider
   * carries nothing: then they are to be claimed as ever.
   */
  readonly haveLeft: boolean;
  /**
   * What came of those with these places in the list, as by `claim`. To be called when the provider has answered.
   * @param haveLocks their locks were acquired. Else nothing more is asked about them
   * @param answers without locks, whether a majority of answers is enough, or all nodes are to be heard, to know what is to be given back
   */
  verdicts(
    places: readonly number[],
    haveLocks: boolean,
    answers?: AnswersWanted,
  ): Promise<readonly ClaimVerdict[]>;
}
