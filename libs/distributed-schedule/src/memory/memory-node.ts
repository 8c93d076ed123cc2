/**
 * One voting node in memory: the embedded default, the reference of the conformance suites, and the model of the
 * scripts in redis-scripts.ts, check for check in the same order. Like every script, every call begins with the
 * incarnation guard: what abstains must begin to abstain when it is first asked anything.
 */

import type { BoardNode } from '../protocol/board/board-node.js';
import { EARLY_MS, MARGIN_MS } from '../protocol/constants.js';
import type { Claim, ClaimVote, Clock, NodeReply, NodeTick, VotingNode } from '../protocol/ports.js';
import { type BeatSnapshot, MemoryBeats } from './memory-beats.js';
import { type BoardSnapshot, MemoryBoard } from './memory-board.js';
import { type LockSnapshot, MemoryLockTable } from './memory-lock-table.js';

/** A task's newest grant, and the tick before it for a give-back. */
interface Entry {
  readonly tick: number;
  readonly claimId: string;
  readonly previousTick: number;
}

/** The set of nodes as an instance knows it. A set changes by one node and one generation at a time. */
export interface NodeSet {
  readonly generation: number;
  readonly fingerprint: string;
}

/** Before any instance has named one; older than every real generation, which start at 1. */
const UNKNOWN_SET: NodeSet = { generation: 0, fingerprint: '' };

/** The node set of a memory cluster that never changes. */
const FIXED_NODE_SET: NodeSet = { generation: 1, fingerprint: 'memory' };

/** How one instance reaches a memory node. */
export interface MemoryConnection {
  readonly label: string;
  readonly nodeSet?: NodeSet;
  /** Called with the node's time for every reply, as a sample for the cluster clock. */
  readonly onReply?: (nodeTimeMs: number) => void;
}

/** A claim id that no claim has, for a tick that was given back. */
const NOBODY = '-';

/** What a node keeps in its memory, and loses with it. */
interface NodeMemory {
  readonly incarnation: number;
  readonly floor: number;
  readonly sinceMs: number;
  nodeSet: NodeSet;
}

export interface MemorySnapshot {
  readonly entries: ReadonlyMap<string, Entry>;
  readonly memory: NodeMemory | undefined;
  readonly locks: LockSnapshot;
  readonly beats: BeatSnapshot;
  readonly board: BoardSnapshot;
}

export class MemoryNode {
  private readonly entries = new Map<string, Entry>();
  private readonly beats: MemoryBeats;
  private memory: NodeMemory | undefined;
  private incarnation = 1;
  readonly locks: MemoryLockTable;
  private readonly board: MemoryBoard;

  constructor(private readonly clock: Pick<Clock, 'wallMs'>) {
    this.board = new MemoryBoard(clock);
    this.locks = new MemoryLockTable(clock, () => this.remember().sinceMs);
    this.beats = new MemoryBeats(clock, (id) => this.locks.isPresent(id));
  }

  /**
   * A node that lives and dies with the instances that use it. Nothing can have been granted before it existed,
   * so it votes from the first moment instead of abstaining.
   */
  static embedded(clock: Pick<Clock, 'wallMs'>): MemoryNode {
    const node = new MemoryNode(clock);
    node.memory = {
      incarnation: node.incarnation,
      floor: 0,
      sinceMs: Number.NEGATIVE_INFINITY,
      nodeSet: UNKNOWN_SET,
    };
    return node;
  }

  /** The node as one instance sees it. */
  connect({ label, nodeSet = FIXED_NODE_SET, onReply }: MemoryConnection): VotingNode {
    const answer = <T>(decide: (memory: NodeMemory) => T): NodeReply<T> => {
      const value = decide(this.remember());
      onReply?.(this.clock.wallMs());
      return { answered: true, value };
    };
    return {
      label,
      claim: async (claims) => answer((memory) => this.claim(claims, nodeSet, memory)),
      giveBack: async (claims) => answer(() => this.giveBack(claims)),
      peek: async (tasks) => answer(() => tasks.map((task) => this.newest(task))),
      beat: async (instanceId, tasks) =>
        answer(() => ({
          members: this.beats.beat(instanceId),
          ticks: tasks.map((task) => this.newest(task)),
        })),
      leave: async (instanceId) => answer(() => this.beats.leave(instanceId)),
    };
  }

  /** The board of the node as one instance sees it. It answers also while the node abstains from votes. */
  connectBoard({ label, onReply }: MemoryConnection): BoardNode {
    return {
      label,
      exchange: async (puts, cursor) => {
        const value = this.board.exchange(puts, cursor, this.incarnation);
        onReply?.(this.clock.wallMs());
        return { answered: true, value };
      },
    };
  }

  /** Everything is forgotten, as by a flush (same server) or an empty restart (new incarnation). */
  loseMemory(how: 'flush' | 'restart'): void {
    if (how === 'restart') this.incarnation += 1;
    this.evict('ledger');
    this.evict('members');
    this.locks.clear();
    this.board.clear();
  }

  /** A store short of memory has removed one of its keys. */
  evict(what: 'ledger' | 'members'): void {
    if (what === 'members') {
      this.beats.clear();
      return;
    }
    this.memory = undefined;
    this.entries.clear();
  }

  /** What is kept for a restart: the file that a real server writes. */
  snapshot(): MemorySnapshot {
    return {
      entries: new Map(this.entries),
      memory: this.memory === undefined ? undefined : { ...this.memory },
      locks: this.locks.snapshot(),
      beats: this.beats.snapshot(),
      board: this.board.snapshot(),
    };
  }

  /** A restart that found a file. The node cannot know how old it is, and abstains as if it had found none. */
  restartFrom(snapshot: MemorySnapshot): void {
    this.loseMemory('restart');
    for (const [task, entry] of snapshot.entries) this.entries.set(task, entry);
    this.memory = snapshot.memory === undefined ? undefined : { ...snapshot.memory };
    this.locks.restore(snapshot.locks);
    this.beats.restore(snapshot.beats);
    this.board.restore(snapshot.board);
  }

  private claim(claims: readonly Claim[], nodeSet: NodeSet, memory: NodeMemory): readonly ClaimVote[] {
    const nowMs = this.clock.wallMs();
    if (nodeSet.generation < memory.nodeSet.generation) return claims.map(() => ({ kind: 'outdated' }));
    if (nodeSet.generation > memory.nodeSet.generation) memory.nodeSet = nodeSet;
    if (nodeSet.fingerprint !== memory.nodeSet.fingerprint) return claims.map(() => ({ kind: 'conflict' }));
    return claims.map((claim) => this.vote(claim, nowMs, memory.floor));
  }

  private vote(claim: Claim, nowMs: number, floor: number): ClaimVote {
    const entry = this.entries.get(claim.task);
    if (claim.tick > nowMs + EARLY_MS) return { kind: 'early' };
    if (claim.tick < nowMs - claim.maxLatenessMs) return { kind: 'late' };
    // The same claim again: a message that was sent twice is harmless.
    if (entry?.tick === claim.tick && entry.claimId === claim.claimId) return { kind: 'granted' };
    if (claim.tick <= floor) return { kind: 'quarantined' };
    if (entry !== undefined && claim.tick <= entry.tick) {
      return entry.tick === claim.tick && entry.claimId !== NOBODY
        ? { kind: 'taken', claimId: entry.claimId }
        : { kind: 'taken' };
    }
    this.entries.set(claim.task, {
      tick: claim.tick,
      claimId: claim.claimId,
      previousTick: entry?.tick ?? 0,
    });
    return { kind: 'granted' };
  }

  private giveBack(claims: readonly Claim[]): void {
    for (const { task, tick, claimId } of claims) {
      const entry = this.entries.get(task);
      if (entry?.tick !== tick || entry.claimId !== claimId) continue;
      this.entries.set(task, { tick: entry.previousTick, claimId: NOBODY, previousTick: entry.previousTick });
    }
  }

  private newest(task: string): NodeTick {
    const { tick, claimId } = this.entries.get(task) ?? { tick: 0, claimId: NOBODY };
    const { floor } = this.remember();
    return { tick, ...(claimId !== NOBODY && { claimId }), ...(floor > tick && { floor }) };
  }

  /** The incarnation guard: a node that may have forgotten abstains for exactly what it may have forgotten. */
  private remember(): NodeMemory {
    const nowMs = this.clock.wallMs();
    // A clock that stands before `sinceMs` has stepped back; treated alike, or locks would be refused for that long.
    if (this.memory?.incarnation !== this.incarnation || this.memory.sinceMs > nowMs) {
      this.memory = {
        incarnation: this.incarnation,
        floor: Math.max(this.memory?.floor ?? 0, nowMs + EARLY_MS + MARGIN_MS),
        sinceMs: nowMs,
        nodeSet: this.memory?.nodeSet ?? UNKNOWN_SET,
      };
    }
    return this.memory;
  }
}
