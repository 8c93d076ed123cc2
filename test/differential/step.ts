/** What is done to the real server and to the model alike, with every number worked out. */

import type { LineEnds } from '#src/protocol/contract/attempt-end.js';
import type {
  BeatSign,
  ConfirmRequest,
  NoteRequest,
  StampRequest,
} from '#src/protocol/contract/node-identity.js';
import { setText, stampText } from '#src/protocol/contract/node-set.js';
import type { Claim, ClaimTerms, InquiryRequest, ShownClaims } from '#src/protocol/contract/ports.js';
import type { PruneRequest } from '#src/protocol/contract/prunable-lines.js';
import type { StandbyQuestion } from '#src/protocol/contract/standby-set.js';
import type { LockAddressee } from '#src/protocol/lease/lock-verdict.js';

export interface LockRequest {
  readonly task: string;
  readonly value: string;
  readonly ttlMs: number;
  readonly claims?: ShownClaims | undefined;
  readonly ended?: LineEnds | undefined;
}

/** A message of an instance to a node: one script. */
export type Question =
  | {
      readonly kind: 'claim';
      readonly position: string;
      readonly terms: ClaimTerms;
      readonly claims: readonly Claim[];
    }
  | {
      readonly kind: 'bid';
      readonly instanceId: string;
      readonly position: string;
      readonly terms: ClaimTerms;
      readonly locks: readonly LockRequest[];
      readonly claims: readonly Claim[];
    }
  | { readonly kind: 'give back'; readonly claims: readonly Claim[] }
  | { readonly kind: 'peek'; readonly tasks: readonly string[] }
  | {
      readonly kind: 'beat';
      readonly position: string;
      readonly instanceId: string;
      readonly sign: BeatSign;
      readonly tasks: readonly string[];
      readonly standby?: StandbyQuestion;
    }
  | { readonly kind: 'leave'; readonly instanceId: string }
  | { readonly kind: 'note'; readonly position: string; readonly request: NoteRequest }
  | { readonly kind: 'renumber'; readonly position: string; readonly id: string; readonly counter: number }
  | { readonly kind: 'confirm'; readonly position: string; readonly request: ConfirmRequest }
  | { readonly kind: 'raise epoch'; readonly epoch: number }
  | { readonly kind: 'trace'; readonly request: InquiryRequest }
  | { readonly kind: 'prune'; readonly request: PruneRequest }
  | { readonly kind: 'stamp'; readonly request: StampRequest }
  | LockQuestion;

export interface LockQuestion {
  readonly kind: 'acquire' | 'extend' | 'release';
  readonly instanceId: string;
  /** Node time; 0 = unknown. */
  readonly deadlineMs: number;
  /** The memory that is meant, and undefined for whatever answers. */
  readonly meant: LockAddressee | undefined;
  readonly locks: readonly LockRequest[];
}

/** What happens to the server or between it and the instances. */
export type Mishap =
  | { readonly kind: 'flush' }
  | { readonly kind: 'evict ledger' }
  | { readonly kind: 'evict members' }
  | { readonly kind: 'evict signs' }
  | { readonly kind: 'evict standby sets' }
  | { readonly kind: 'version'; readonly version: number }
  | { readonly kind: 'evict lock'; readonly task: string }
  | { readonly kind: 'save' }
  | { readonly kind: 'restart with its memory' }
  | { readonly kind: 'restart with the saved file' }
  | { readonly kind: 'restart empty' }
  /** Made a replica and a master again, without a restart: another replication id, the same run id. */
  | { readonly kind: 'fail back' }
  /** A restart that keeps the replication id: another run id only. Ends as a master again. */
  | { readonly kind: 'restart as a replica' }
  | { readonly kind: 'presence'; readonly instanceId: string; readonly isPresent: boolean };

export type Restart = Extract<Mishap['kind'], `restart ${string}`>;

export type Step =
  | { readonly kind: 'ask'; readonly question: Question }
  | { readonly kind: 'mishap'; readonly mishap: Mishap }
  | { readonly kind: 'clock'; readonly toMs: number };

/** One answer in the words of the scripts, the time left out. */
export type Answer = readonly string[];

/** Everything that is stored, name by name, each as one text. */
export type StoredState = ReadonlyMap<string, string>;

/** In one line, with instants relative to the clock before the step. */
export function describeStep(step: Step, nowMs: number): string {
  const at = (ms: number): string => (ms === 0 ? 'none' : `now${ms < nowMs ? '' : '+'}${ms - nowMs}`);
  switch (step.kind) {
    case 'clock':
      return `clock to ${at(step.toMs)}`;
    case 'mishap':
      return Object.values(step.mishap).join(' ');
    case 'ask':
      return describeQuestion(step.question, at);
  }
}

function describeQuestion(question: Question, at: (ms: number) => string): string {
  switch (question.kind) {
    case 'claim': {
      const { set, ids, deadlineMs } = question.terms;
      const terms = `${question.position} of [${setText(set)}] as ${describeIds(ids)} until ${at(deadlineMs)}`;
      return `claim at ${terms}: ${describeClaims(question.claims, at)}`;
    }
    case 'bid': {
      const { instanceId, position, terms, locks, claims } = question;
      const values = locks.map(({ task, value, ttlMs }) => `${task}=${value} for ${ttlMs}`);
      const of = `${position} of [${setText(terms.set)}] as ${describeIds(terms.ids)} until ${at(terms.deadlineMs)}`;
      return `bid by ${instanceId} at ${of}: ${values.join(', ')} and ${describeClaims(claims, at)}`;
    }
    case 'give back':
      return `give back ${describeClaims(question.claims, at)}`;
    case 'peek':
      return `peek ${question.tasks.join(' ')}`;
    case 'beat':
      return `beat of ${question.instanceId} at ${question.position}: ${describeSign(question.sign)}, peeking at ${question.tasks.join(' ')}${describeStandby(question.standby)}`;
    case 'leave':
      return `leave of ${question.instanceId}`;
    case 'note': {
      const { position, id, set } = question.request;
      return `note ${position} ${id} at ${question.position} for [${setText(set)}]`;
    }
    case 'renumber':
      return `renumber ${question.id} at ${question.position} to ${question.counter}`;
    case 'raise epoch':
      return `raise epoch to ${question.epoch}`;
    case 'trace': {
      const { instanceId, lines } = question.request;
      const asked = lines.map(({ line, lock }) => (lock === undefined ? line : `${line} with its lock`));
      return `trace ${instanceId} in ${asked.join(', ')}`;
    }
    case 'prune':
      return `prune what is older than ${question.request.windowMs}, and rest for ${question.request.restMs}`;
    case 'confirm': {
      const { id, set, waitMs, notes } = question.request;
      const told = notes.map(
        (note) =>
          `${note.noter} ${note.noterId} ${note.hasVote ? '' : 'without a vote '}at ${at(note.timeMs)} in epoch ${note.epoch} knows ${describeIds(note.ids)}`,
      );
      return `confirm ${id} at ${question.position} for [${setText(set)}] within ${waitMs}: ${told.join('; ')}`;
    }
    case 'stamp': {
      const { stamp, id = 'any', expected, raiseFloor, floorFromMs = 0, deadlineMs } = question.request;
      return `stamp [${stampText(stamp)}] over [${expected}] of ${id} ${raiseFloor ? 'with a new floor ' : ''}${floorFromMs > 0 ? `above ${floorFromMs} ` : ''}until ${at(deadlineMs)}`;
    }
    default: {
      const locks = question.locks.map(
        ({ task, value, ttlMs, ended }) =>
          `${task}=${value} for ${ttlMs}${ended === undefined ? '' : ` with ${ended.ends.length} ends`}`,
      );
      const { kind, instanceId, deadlineMs, meant } = question;
      const of = meant === undefined ? '' : ` of ${describeIds(meant.ids)} at ${meant.position}`;
      return `${kind}${of} by ${instanceId} until ${at(deadlineMs)}: ${locks.join(', ')}`;
    }
  }
}

function describeStandby(question: StandbyQuestion | undefined): string {
  if (question === undefined) return '';
  return `, ${question.kind} ${question.count} as ${question.digest.slice(0, 6)}`;
}

function describeIds(ids: ClaimTerms['ids']): string {
  return Object.entries(ids)
    .map(([position, id]) => `${position}=${id}`)
    .join(' ');
}

function describeSign({ set, app, standsSinceMs, yields, ids }: BeatSign): string {
  const stands = standsSinceMs === undefined ? 'not standing' : `since ${standsSinceMs}`;
  return `[${setText(set)}] of ${app} ${stands}${yields ? ' yielding' : ''} with ${describeIds(ids)}`;
}

function describeClaims(claims: readonly Claim[], at: (ms: number) => string): string {
  return claims
    .map(
      ({ task, tick, claimId, maxLatenessMs }) =>
        `${task}@${at(tick)} for ${claimId} (late ${maxLatenessMs})`,
    )
    .join(', ');
}
