/** What is done to the real server and to the model alike, with every number worked out. */

import type { NodeSet } from '../../libs/distributed-schedule/src/memory/memory-node.js';
import type { Claim } from '../../libs/distributed-schedule/src/protocol/ports.js';

export interface LockRequest {
  readonly task: string;
  readonly value: string;
  readonly ttlMs: number;
}

/** A message of an instance to a node: one script. */
export type Question =
  | { readonly kind: 'claim'; readonly nodeSet: NodeSet; readonly claims: readonly Claim[] }
  | { readonly kind: 'give back'; readonly claims: readonly Claim[] }
  | { readonly kind: 'peek'; readonly tasks: readonly string[] }
  | { readonly kind: 'beat'; readonly instanceId: string; readonly tasks: readonly string[] }
  | { readonly kind: 'leave'; readonly instanceId: string }
  | LockQuestion;

export interface LockQuestion {
  readonly kind: 'acquire' | 'extend' | 'release';
  readonly instanceId: string;
  /** Node time; 0 = unknown. */
  readonly deadlineMs: number;
  readonly locks: readonly LockRequest[];
}

/** What happens to the server or between it and the instances. */
export type Mishap =
  | { readonly kind: 'flush' }
  | { readonly kind: 'evict ledger' }
  | { readonly kind: 'evict members' }
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
      const { generation, fingerprint } = question.nodeSet;
      return `claim in set ${generation}${fingerprint}: ${describeClaims(question.claims, at)}`;
    }
    case 'give back':
      return `give back ${describeClaims(question.claims, at)}`;
    case 'peek':
      return `peek ${question.tasks.join(' ')}`;
    case 'beat':
      return `beat of ${question.instanceId}, peeking at ${question.tasks.join(' ')}`;
    case 'leave':
      return `leave of ${question.instanceId}`;
    default: {
      const locks = question.locks.map(({ task, value, ttlMs }) => `${task}=${value} for ${ttlMs}`);
      const { kind, instanceId, deadlineMs } = question;
      return `${kind} by ${instanceId} until ${at(deadlineMs)}: ${locks.join(', ')}`;
    }
  }
}

function describeClaims(claims: readonly Claim[], at: (ms: number) => string): string {
  return claims
    .map(
      ({ task, tick, claimId, maxLatenessMs }) =>
        `${task}@${at(tick)} for ${claimId} (late ${maxLatenessMs})`,
    )
    .join(', ');
}
