/** The default, and the model of the Redis scripts. Every call begins with the incarnation guard. */

import type { BoardNode } from '../protocol/board/board-node.js';
import type { BoardShares } from '../protocol/board/board-shares.js';
import type { KeptEnds } from '../protocol/contract/attempt-end.js';
import { MEMBER_TTL_MS } from '../protocol/contract/constants.js';
import { type NodeSet, SINGLE_POSITION, stampText } from '../protocol/contract/node-set.js';
import type { Claim, ClaimReply, ClaimTerms, Clock, VotingNode } from '../protocol/contract/ports.js';
import { DEFAULTS } from '../protocol/options/protocol-options.js';
import type { LedgerSnapshot } from './ledger-memory.js';
import type { AcquireVote, LockAsk } from './lock-ask.js';
import { type BeatSnapshot, MemoryBeats } from './memory-beats.js';
import { type BoardPart, type BoardSnapshot, MemoryBoard } from './memory-board.js';
import { connectNode, type MemoryConnection } from './memory-connection.js';
import { MemoryLedger } from './memory-ledger.js';
import { type LockSnapshot, MemoryLockTable } from './memory-lock-table.js';
import { MemoryStandbySets, type StandbySetSnapshot } from './memory-standby-sets.js';

/** One node alone, with the default time to live of leases. */
const { leaseTtlMs } = DEFAULTS;
export const ONE_NODE: NodeSet = { generation: 1, positions: [SINGLE_POSITION], leaseTtlMs };

export interface MemorySnapshot {
  readonly ledger: LedgerSnapshot;
  readonly locks: LockSnapshot;
  readonly beats: BeatSnapshot;
  readonly board: BoardSnapshot;
  readonly standbySets: StandbySetSnapshot;
}

/** Locks, and one claim for each, in one message. */
export interface MemoryBid {
  readonly locks: readonly Pick<LockAsk, 'task' | 'value' | 'holder' | 'ttlMs'>[];
  readonly claims: readonly Claim[];
  readonly terms: ClaimTerms;
  /** Of this node. */
  readonly position: string;
}

export interface MemoryBidAnswer {
  readonly votes: readonly AcquireVote[];
  readonly reply: ClaimReply;
}

let lastNonce = 0;

/** Unique in this process, which is all that a node in memory can be asked by. */
function nextNonce(): string {
  lastNonce += 1;
  return lastNonce.toString(16).padStart(12, '0');
}

export class MemoryNode {
  private readonly ledger: MemoryLedger;
  private readonly beats: MemoryBeats;
  readonly locks: MemoryLockTable;
  private readonly board: MemoryBoard;
  private readonly standbySets: MemoryStandbySets;

  /** @param newNonce the memory's part of a ledger id: no two nodes may ever be given the same word */
  constructor(
    private readonly clock: Pick<Clock, 'wallMs'>,
    newNonce: () => string = nextNonce,
    shares?: BoardShares,
  ) {
    this.ledger = new MemoryLedger(clock, newNonce);
    this.board = new MemoryBoard(clock, shares);
    this.locks = new MemoryLockTable(
      clock,
      () => this.ledger.remember(),
      (line) => this.ledger.newest(line),
      (ended) => this.ledger.keepEnds(ended),
    );
    this.beats = new MemoryBeats(clock, (id) => this.locks.isPresent(id));
    this.standbySets = new MemoryStandbySets(clock, this.ledger);
  }

  /** Nothing can have been granted before it existed: it votes from the first moment instead of abstaining. */
  static embedded(
    clock: Pick<Clock, 'wallMs'>,
    set: NodeSet = ONE_NODE,
    position: string = SINGLE_POSITION,
  ): MemoryNode {
    const node = MemoryNode.standing(clock, set, position);
    Object.assign(node.ledger.remember(), { floor: 0, sinceMs: Number.NEGATIVE_INFINITY, idSinceMs: 0 });
    return node;
  }

  /** A node that was seen for the first time right now, abstains for it, and stands stamped and confirmed already. */
  static standing(clock: Pick<Clock, 'wallMs'>, set: NodeSet, position: string): MemoryNode {
    const node = new MemoryNode(clock);
    const stamp = stampText({ set, sinceMs: 1, app: 'embedded' });
    Object.assign(node.ledger.remember(), { vote: position, stamp });
    return node;
  }

  /** Nodes of a set in use: stamped, noted by each other and voting, but abstaining like nodes that may have forgotten. */
  static inUse(clocks: readonly Pick<Clock, 'wallMs'>[], set: NodeSet): readonly MemoryNode[] {
    const nodes = set.positions.map((position, index) => {
      const clock = clocks[index];
      if (clock === undefined) throw new Error(`no clock for ${position}`);
      return MemoryNode.standing(clock, set, position);
    });
    for (const [index, node] of nodes.entries()) {
      const memory = node.ledger.remember();
      memory.idSinceMs -= MEMBER_TTL_MS;
      for (const [other, { ledger }] of nodes.entries()) {
        const position = set.positions[other];
        if (other !== index && position !== undefined) memory.noted.set(position, ledger.remember().id);
      }
    }
    return nodes;
  }

  connect(connection: MemoryConnection): VotingNode {
    const { clock, ledger, beats, locks, standbySets } = this;
    return connectNode({ clock, ledger, beats, locks, standbySets }, connection);
  }

  /** The model of bid-script.ts: locks, and of those that are granted the claims. */
  bid({ locks, claims, terms, position }: MemoryBid): MemoryBidAnswer {
    const { ids, deadlineMs } = terms;
    const votes = locks.map((ask) => this.locks.acquire({ ...ask, deadlineMs, meant: { position, ids } }));
    const reply = this.claimBeside(votes, { claims, terms, position });
    return { votes, reply };
  }

  /** The claims of such a message, when its locks have been decided. */
  claimBeside(
    votes: readonly AcquireVote[],
    { claims, terms, position }: Omit<MemoryBid, 'locks'>,
  ): ClaimReply {
    return this.ledger.claim(claims, terms, position, (index) => votes[index]?.kind === 'acquired');
  }

  /** The board of the node as one instance sees it. It answers also while the node abstains from votes. */
  connectBoard({ label, onReply }: Pick<MemoryConnection, 'label' | 'onReply'>): BoardNode {
    return {
      label,
      exchange: async (puts, cursor, word) => {
        const value = this.board.exchange(puts, cursor, this.ledger.incarnation, word);
        const nodeTimeMs = this.clock.wallMs();
        onReply?.(nodeTimeMs);
        return { answered: true, value, nodeTimeMs };
      },
    };
  }

  /** What its clock shows. */
  get nowMs(): number {
    return this.clock.wallMs();
  }

  endsIn(line: string): KeptEnds {
    return this.ledger.endsOf(line);
  }

  /** Everything is forgotten, as by a flush (same server) or an empty restart (new incarnation). */
  loseMemory(how: 'flush' | 'restart'): void {
    if (how === 'restart') this.ledger.incarnation += 1;
    this.ledger.clear();
    this.beats.clear();
    this.locks.clear();
    this.board.clear();
    this.standbySets.clear();
  }

  evictBoard(part: BoardPart): void {
    this.board.evict(part, this.ledger.incarnation);
  }

  evict(what: 'ledger' | 'members' | 'signs' | 'standby sets'): void {
    if (what === 'ledger') this.ledger.clear();
    else if (what === 'standby sets') this.standbySets.clear();
    else this.beats.clear(what);
  }

  /** What is kept for a restart: the file that a real server writes. */
  snapshot(): MemorySnapshot {
    const [ledger, locks] = [this.ledger.snapshot(), this.locks.snapshot()];
    const [beats, board] = [this.beats.snapshot(), this.board.snapshot()];
    return { ledger, locks, beats, board, standbySets: this.standbySets.snapshot() };
  }

  /** A restart that found a file. The node cannot know how old it is, and abstains as if it had found none. */
  restartFrom(snapshot: MemorySnapshot): void {
    this.loseMemory('restart');
    this.ledger.restore(snapshot.ledger);
    this.locks.restore(snapshot.locks);
    this.beats.restore(snapshot.beats);
    this.board.restore(snapshot.board);
    this.standbySets.restore(snapshot.standbySets);
  }

  /** Another version of the protocol has written here. */
  writtenByVersion(version: number): void {
    this.ledger.setVersion(version);
  }
}
