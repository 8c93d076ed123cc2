/** The model: MemoryNode with its lock table, asked in the words of the scripts. */

import { MemoryNode, type MemorySnapshot } from '../../libs/distributed-schedule/src/memory/memory-node.js';
import type { ClaimVote, NodeReply, NodeTick } from '../../libs/distributed-schedule/src/protocol/ports.js';
import type { Answer, LockQuestion, LockRequest, Mishap, Question, Restart, StoredState } from './step.js';

const NOBODY = '-';
const NO_SET = { generation: 0, fingerprint: '' };

export class ModelSide {
  /** Shows whatever the real server's script saw. */
  nowMs: number;
  readonly node: MemoryNode;
  private saved: MemorySnapshot | undefined;

  constructor(nowMs: number) {
    this.nowMs = nowMs;
    this.node = new MemoryNode({ wallMs: () => this.nowMs });
  }

  async ask(question: Question): Promise<Answer> {
    const node = this.node.connect({
      label: 'model',
      nodeSet: question.kind === 'claim' ? question.nodeSet : NO_SET,
    });
    switch (question.kind) {
      case 'claim':
        return answerOf(await node.claim(question.claims)).map(wordOfVote);
      case 'give back':
        answerOf(await node.giveBack(question.claims));
        return [];
      case 'peek':
        return answerOf(await node.peek(question.tasks)).map(wordOfTick);
      case 'beat': {
        const { members, ticks } = answerOf(await node.beat(question.instanceId, question.tasks));
        const isSeen = this.node.locks.isPresent(question.instanceId) ? 1 : 0;
        return [`seen ${isSeen}`, `members ${[...members].sort().join(' ')}`, ...ticks.map(wordOfTick)];
      }
      case 'leave':
        answerOf(await node.leave(question.instanceId));
        return [];
      default:
        return question.locks.map((lock) => this.askForLock(question, lock));
    }
  }

  suffer(mishap: Mishap): void {
    const { node } = this;
    switch (mishap.kind) {
      case 'flush':
        node.loseMemory('flush');
        break;
      case 'evict ledger':
        node.evict('ledger');
        break;
      case 'evict members':
        node.evict('members');
        break;
      case 'evict lock':
        node.locks.evict(mishap.task);
        break;
      case 'presence':
        if (mishap.isPresent) node.locks.reconnect(mishap.instanceId);
        else node.locks.disconnect(mishap.instanceId);
        break;
      case 'save':
        this.saved = node.snapshot();
        break;
      case 'fail back':
        node.restartFrom(node.snapshot());
        break;
      default:
        this.restart(mishap.kind);
    }
  }

  state(): StoredState {
    const { entries, memory, locks, beats } = this.node.snapshot();
    const state = new Map<string, string>();
    if (memory !== undefined) {
      state.set('incarnation', 'set').set('floor', String(memory.floor)).set('since', String(memory.sinceMs));
      if (memory.nodeSet.generation > 0) {
        state.set('generation', String(memory.nodeSet.generation));
        state.set('fingerprint', memory.nodeSet.fingerprint);
      }
    }
    for (const [task, { tick, claimId, previousTick }] of entries) {
      state.set(`t:${task}`, `${tick} ${claimId} ${previousTick}`);
    }
    for (const [task, { holder, value, expiresAtMs }] of locks) {
      state.set(`lock ${task}`, `${holder}:${value}`).set(`lock ${task} ends`, String(expiresAtMs));
    }
    for (const [id, { atMs, wasPresent }] of beats.beats) {
      state.set(`member ${id}`, String(atMs + (wasPresent ? 0.5 : 0)));
    }
    if (beats.beats.size > 0) state.set('members end', String(beats.expireAtMs));
    return state;
  }

  private restart(kind: Restart): void {
    if (kind === 'restart empty') this.saved = undefined;
    else if (kind !== 'restart with the saved file') this.saved = this.node.snapshot();
    if (this.saved === undefined) this.node.loseMemory('restart');
    else this.node.restartFrom(this.saved);
  }

  private askForLock(
    { kind, instanceId, deadlineMs }: LockQuestion,
    { task, value, ttlMs }: LockRequest,
  ): string {
    const { locks } = this.node;
    if (kind === 'release') return locks.release(task, value) ? 'released' : 'absent';
    if (kind === 'extend') return locks.extend(task, value, instanceId, ttlMs, deadlineMs);
    const vote = locks.acquire(task, value, instanceId, ttlMs, deadlineMs);
    if (vote.kind !== 'held') return vote.kind;
    if (vote.freeInMs !== undefined) return `dying ${vote.freeInMs} ${vote.holder}`;
    return vote.holder === undefined ? 'held' : `held ${vote.holder}`;
  }
}

function answerOf<T>(reply: NodeReply<T>): T {
  if (!reply.answered) throw new Error(`the model gave no answer: ${reply.reason}`);
  return reply.value;
}

function wordOfVote(vote: ClaimVote): string {
  return vote.kind === 'taken' && vote.claimId !== undefined ? `taken ${vote.claimId}` : vote.kind;
}

function wordOfTick({ tick, claimId = NOBODY, floor }: NodeTick): string {
  return `${tick} ${claimId} ${floor ?? '-'}`;
}
