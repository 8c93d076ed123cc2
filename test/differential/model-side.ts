/** The model: MemoryNode with its lock table, asked in the words of the scripts. */

import type { LedgerMemory } from '#src/memory/ledger-memory.js';
import type { AcquireVote } from '#src/memory/lock-ask.js';
import { MemoryNode, type MemorySnapshot } from '#src/memory/memory-node.js';
import type { KeptEnds } from '#src/protocol/contract/attempt-end.js';
import { PROTOCOL_VERSION } from '#src/protocol/contract/constants.js';
import type { LedgerIds } from '#src/protocol/contract/ledger-id.js';
import type { ConfirmAnswer, NoteAnswer } from '#src/protocol/contract/node-identity.js';
import { setText, stampText } from '#src/protocol/contract/node-set.js';
import type {
  BeatReply,
  ClaimVote,
  InquiryReply,
  NodeReply,
  NodeTick,
  VotingNode,
} from '#src/protocol/contract/ports.js';
import { ANY_MEMORY } from '#src/protocol/lease/lock-verdict.js';
import { textOfSign } from '#src/redis/scripts/identity-words.js';
import { wordsOfStandby } from './standby-steps.js';
import type { Answer, LockQuestion, LockRequest, Mishap, Question, Restart, StoredState } from './step.js';

const NOBODY = '-';

export class ModelSide {
  /** Shows whatever the real server's script saw. */
  nowMs: number;
  /** The memory's part of an id that is made now: the one that the real server has just taken. */
  nonce = '';
  readonly node: MemoryNode;
  private saved: MemorySnapshot | undefined;

  constructor(nowMs: number) {
    this.nowMs = nowMs;
    this.node = new MemoryNode({ wallMs: () => this.nowMs }, () => this.nonce);
  }

  async ask(question: Question): Promise<Answer> {
    const position = 'position' in question ? question.position : '';
    const node = this.node.connect({ label: 'model', position });
    const version = this.state().get('version') ?? String(PROTOCOL_VERSION);
    if (version !== String(PROTOCOL_VERSION)) return this.refusedAs(version, node, question);
    switch (question.kind) {
      case 'claim': {
        const { votes, ids = {} } = answerOf(await node.claim(question.claims, question.terms));
        return [`refuses ${textOfIds(ids)}`.trim(), ...votes.map(wordOfVote)];
      }
      case 'bid': {
        const { terms, position, claims, instanceId } = question;
        const asks = question.locks.map((lock) => ({ ...lock, holder: instanceId }));
        const { votes, reply } = this.node.bid({ locks: asks, claims, terms, position });
        const refused = this.node.locks.refusedIds({ position, ids: terms.ids });
        return [
          `refuses ${textOfIds(refused)}`.trim(),
          ...votes.map(wordOfLock),
          ...reply.votes.map(wordOfVote),
        ];
      }
      case 'give back':
        answerOf(await node.giveBack(question.claims));
        return [];
      case 'peek':
        return answerOf(await node.peek(question.tasks)).map(wordOfTick);
      case 'beat': {
        const { instanceId, sign, tasks, standby } = question;
        const reply = answerOf(await node.beat(instanceId, sign, tasks, standby));
        const isSeen = this.node.locks.isPresent(instanceId);
        const inShort = standby?.kind === 'ask' ? wordsOfStandby(reply.standby) : [];
        return [...wordsOfBeat(reply, isSeen), ...inShort];
      }
      case 'leave':
        answerOf(await node.leave(question.instanceId));
        return [];
      case 'note':
        return [wordOfNoteAnswer(answerOf(await node.note(question.request)))];
      case 'renumber':
        return [answerOf(await node.renumber(question.id, question.counter))];
      case 'raise epoch': {
        const { isRaised, id, epoch, setBackMs } = answerOf(await node.raiseEpoch(question.epoch));
        return [`${isRaised ? 'raised' : 'standing'} ${id} ${epoch} ${setBackMs}`];
      }
      case 'trace':
        return wordsOfTraces(answerOf(await node.inquire(question.request)));
      case 'prune': {
        const { pruned, isUnfinished } = answerOf(await node.prune(question.request));
        return [`${isUnfinished ? 'more' : 'done'}${pruned > 0 ? ` ${pruned}` : ''}`];
      }
      case 'confirm':
        return [wordOfConfirmAnswer(answerOf(await node.confirm(question.request)))];
      case 'stamp':
        return [answerOf(await node.stamp(question.request))];
      default:
        return [this.refusalOf(question), ...question.locks.map((lock) => this.askForLock(question, lock))];
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
      case 'evict signs':
        node.evict('signs');
        break;
      case 'evict standby sets':
        node.evict('standby sets');
        break;
      case 'version':
        node.writtenByVersion(mishap.version);
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
    const { ledger, locks, beats, standbySets } = this.node.snapshot();
    const { entries, memory } = ledger;
    const state = new Map<string, string>(memory === undefined ? [] : storedMemory(memory));
    for (const [task, { tick, claimId, previousTick, epoch }] of entries) {
      state.set(`t:${task}`, `${tick} ${claimId} ${previousTick}${epoch > 0 ? ` ${epoch}` : ''}`);
    }
    for (const [line, kept] of ledger.ends) state.set(`e:${line}`, textOfEnds(kept));
    for (const [task, { holder, value, expiresAtMs }] of locks) {
      state.set(`lock ${task}`, `${holder}:${value}`).set(`lock ${task} ends`, String(expiresAtMs));
    }
    for (const [id, { atMs, wasPresent }] of beats.beats) {
      state.set(`member ${id}`, String(atMs + (wasPresent ? 0.5 : 0)));
    }
    if (beats.beats.size > 0) state.set('members end', String(beats.expireAtMs));
    for (const [digest, { tasks, expireAtMs }] of standbySets)
      state.set(`set ${digest}`, String(tasks.length)).set(`set ${digest} ends`, String(expireAtMs));
    for (const [id, sign] of beats.signs) state.set(`sign ${id}`, textOfSign(sign));
    if (beats.signs.size > 0) state.set('signs end', String(beats.expireAtMs));
    return state;
  }

  /** The locks of the model know no version: they are told by the ledger beside them. */
  private async refusedAs(version: string, node: VotingNode, question: Question): Promise<Answer> {
    const reply = question.kind === 'claim' ? await node.claim(question.claims, question.terms) : undefined;
    return [reply?.answered === false ? reply.reason : `DSCHEDVERSION ${version}`];
  }

  private restart(kind: Restart): void {
    if (kind === 'restart empty') this.saved = undefined;
    else if (kind !== 'restart with the saved file') this.saved = this.node.snapshot();
    if (this.saved === undefined) this.node.loseMemory('restart');
    else this.node.restartFrom(this.saved);
  }

  private refusalOf({ meant = ANY_MEMORY }: LockQuestion): string {
    return `refuses ${textOfIds(this.node.locks.refusedIds(meant))}`.trim();
  }

  private askForLock(
    { kind, instanceId, deadlineMs, meant = ANY_MEMORY }: LockQuestion,
    { task, value, ttlMs, claims, ended }: LockRequest,
  ): string {
    const { locks } = this.node;
    if (kind === 'release') return locks.release(task, value, ended) ? 'released' : 'absent';
    const request = { task, value, holder: instanceId, ttlMs, deadlineMs, meant };
    if (kind === 'extend') return locks.extend({ ...request, claims });
    return wordOfLock(locks.acquire(request));
  }
}

function wordOfLock(vote: AcquireVote): string {
  if (vote.kind !== 'held') return vote.kind;
  if (vote.freeInMs !== undefined) return `dying ${vote.freeInMs} ${vote.holder}`;
  return vote.holder === undefined ? 'held' : `held ${vote.holder}`;
}

function storedMemory(memory: LedgerMemory): readonly (readonly [string, string])[] {
  return [
    ['incarnation', 'set'],
    ['version', String(memory.version)],
    ['floor', String(memory.floor)],
    ['since', String(memory.sinceMs)],
    ['id', memory.id],
    ['idSince', String(memory.idSinceMs)],
    ...(memory.vote === undefined ? [] : [['vote', memory.vote] as const]),
    ...(memory.stamp === '' ? [] : [['stamp', memory.stamp] as const]),
    ...(memory.highest === 0 ? [] : [['highest', String(memory.highest)] as const]),
    ...(memory.epoch === 0
      ? []
      : [['epoch', String(memory.epoch)] as const, ['burntAbove', String(memory.burntAboveMs)] as const]),
    ...(memory.prunedUpTo === 0 ? [] : [['pruned', String(memory.prunedUpTo)] as const]),
    ...(memory.windowToldMs === 0 ? [] : [['window', `${memory.windowMs} ${memory.windowToldMs}`] as const]),
    ...(memory.passEndedMs === undefined ? [] : [['pass', `0 ${memory.passEndedMs}`] as const]),
    ...[...memory.noted].map(([position, id]) => [`n:${position}`, id] as const),
  ];
}

function textOfEnds({ droppedUpTo, ends }: KeptEnds): string {
  const words = ends.map(({ atMs, instant, outcome, claimId }) => `${atMs} ${instant} ${outcome} ${claimId}`);
  return [droppedUpTo, ...words].join('\n');
}

function wordsOfTraces({ sign, lines }: InquiryReply): Answer {
  return [
    sign,
    ...lines.map((trace) => {
      if (trace === undefined) return '-';
      const { newest, floor, ends, lock } = trace;
      const held = lock === undefined ? 'no lock' : `${lock.holder ?? '-'} for ${lock.leftMs}`;
      return `${wordOfTick(newest)} above ${floor} [${ends.ends.length === 0 ? '' : textOfEnds(ends)}] ${held}`;
    }),
  ];
}

function answerOf<T>(reply: NodeReply<T>): T {
  if (!reply.answered) throw new Error(`the model gave no answer: ${reply.reason}`);
  return reply.value;
}

function wordOfVote(vote: ClaimVote): string {
  if (vote.kind === 'taken' && vote.claimId !== undefined) return `taken ${vote.claimId}`;
  const { setBackMs } = 'setBackMs' in vote ? vote : {};
  if (setBackMs === undefined) return vote.kind;
  return vote.kind === 'taken' ? `taken - ${setBackMs}` : `${vote.kind} ${setBackMs}`;
}

function wordOfTick({ tick, claimId = NOBODY, floor, prunedUpTo, isLeftBehind }: NodeTick): string {
  return `${tick} ${claimId} ${floor ?? '-'} ${prunedUpTo ?? '-'}${isLeftBehind === true ? ' left' : ''}`;
}

function wordsOfBeat({ members, ticks, identity }: BeatReply, isSeen: boolean): Answer {
  const { id, hasVote, sinceMs, stamp, noted, liveSets, epoch, setBackMs } = identity;
  return [
    `seen ${isSeen ? 1 : 0}`,
    `members ${[...members].sort().join(' ')}`,
    `identity ${id} ${hasVote ? 1 : 0} ${sinceMs} [${stamp === undefined ? '' : stampText(stamp)}] ${epoch} ${setBackMs} ${textOfIds(noted)}`,
    ...liveSets.map(
      (one) =>
        `live ${setText(one.set)} ${one.standsSinceMs ?? '-'} ${one.instances} ${encodeURIComponent(one.app)} ${one.yields ? 1 : 0}`,
    ),
    ...ticks.map(wordOfTick),
  ];
}

function textOfIds(ids: LedgerIds): string {
  return Object.entries(ids)
    .map(([position, id]) => `${position} ${id}`)
    .sort()
    .join(' ');
}

function wordOfNoteAnswer(answer: NoteAnswer): string {
  switch (answer.kind) {
    case 'noted':
      return `noted ${answer.note.noterId} ${answer.note.timeMs} ${textOfIds(answer.note.ids)} ${answer.note.hasVote ? 1 : 0} ${answer.note.epoch}`;
    case 'not_newer':
      return `not_newer ${answer.newest}`;
    case 'in_use':
      return `in_use ${answer.by}`;
    case 'foreign':
      return 'foreign';
  }
}

function wordOfConfirmAnswer(answer: ConfirmAnswer): string {
  switch (answer.kind) {
    case 'voting':
      return answer.isForced ? 'forced' : 'voting';
    case 'void':
      return `void ${answer.have}`;
    case 'waiting':
      return `waiting ${answer.untilMs}`;
    case 'other_id':
      return `other_id ${answer.id}`;
    case 'foreign':
      return 'foreign';
  }
}
