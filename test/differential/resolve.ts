/** Works out an operation against what the node knows just then. */

import type { NodeSet } from '../../libs/distributed-schedule/src/memory/memory-node.js';
import type { Claim } from '../../libs/distributed-schedule/src/protocol/ports.js';
import type { ModelSide } from './model-side.js';
import {
  type ClaimDraft,
  INSTANCES,
  type Instant,
  type LockDraft,
  type NodeSetDraft,
  type Operation,
  TASKS,
} from './operation.js';
import type { LockRequest, Step, StoredState } from './step.js';

/** Seen by the one who resolves: a stored text, or what to take when there is none. */
class View {
  readonly nowMs: number;
  private readonly state: StoredState;

  constructor(model: ModelSide) {
    this.nowMs = model.nowMs;
    this.state = model.state();
  }

  instantMs({ anchor, offsetMs }: Instant, task: string): number {
    return this.anchorMs(anchor, task) + offsetMs;
  }

  nodeSet({ generationStep, fingerprint }: NodeSetDraft): NodeSet {
    return {
      // Generations start at 1.
      generation: Math.max(1, Number(this.state.get('generation') ?? 1) + generationStep),
      fingerprint: fingerprint ?? this.state.get('fingerprint') ?? 'x',
    };
  }

  claimId(task: string): string {
    const claimId = this.state.get(`t:${task}`)?.split(' ')[1] ?? '-';
    // No instance has this id: it stands for a tick that was given back.
    return claimId === '-' ? 'ann:1' : claimId;
  }

  lockValue(task: string): string {
    return this.state.get(`lock ${task}`)?.split(':').at(-1) ?? 'aa';
  }

  holder(task: string): string {
    return this.state.get(`lock ${task}`)?.split(':').slice(0, -1).join(':') ?? '';
  }

  private anchorMs(anchor: Instant['anchor'], task: string): number {
    switch (anchor) {
      case 'now':
        return this.nowMs;
      case 'newest':
        return Number(this.state.get(`t:${task}`)?.split(' ')[0] ?? this.nowMs) || this.nowMs;
      case 'lock end':
        return Number(this.state.get(`lock ${task} ends`) ?? this.nowMs);
      default:
        return Number(this.state.get(anchor) ?? this.nowMs);
    }
  }
}

export function resolve(operation: Operation, model: ModelSide): readonly Step[] {
  const view = new View(model);
  switch (operation.kind) {
    case 'clock':
      return [{ kind: 'clock', toMs: view.instantMs(operation.to, operation.task) }];
    case 'mishap':
      if (operation.mishap.kind === 'restart as a replica') return restartAsReplica();
      return [{ kind: 'mishap', mishap: operation.mishap }];
    case 'death':
      return deathOf(view.holder(operation.task), operation.task, view.nowMs + operation.waitMs);
    case 'claim': {
      const nodeSet = view.nodeSet(operation.nodeSet);
      const claims = operation.claims.map((draft) => claimOf(draft, view));
      return [{ kind: 'ask', question: { kind: 'claim', nodeSet, claims } }];
    }
    case 'give back': {
      const claims = operation.claims.map((draft) => claimOf(draft, view));
      return [{ kind: 'ask', question: { kind: 'give back', claims } }];
    }
    case 'acquire':
    case 'extend':
    case 'release': {
      const { kind, instanceId, deadline } = operation;
      const deadlineMs = deadline === undefined ? 0 : view.nowMs + deadline;
      const locks = operation.locks.map((draft) => lockOf(draft, view));
      return [{ kind: 'ask', question: { kind, instanceId, deadlineMs, locks } }];
    }
    default:
      return [{ kind: 'ask', question: operation }];
  }
}

/** The guard must see the new run id before the way back to a master changes the replication id as well. */
function restartAsReplica(): readonly Step[] {
  return [
    { kind: 'mishap', mishap: { kind: 'restart as a replica' } },
    { kind: 'ask', question: { kind: 'peek', tasks: TASKS } },
    { kind: 'mishap', mishap: { kind: 'fail back' } },
  ];
}

function deathOf(instanceId: string, task: string, toMs: number): readonly Step[] {
  const heir = INSTANCES.find((id) => id !== instanceId);
  if (!INSTANCES.includes(instanceId) || heir === undefined) return [];
  const question = {
    kind: 'acquire',
    instanceId: heir,
    deadlineMs: 0,
    locks: [{ task, value: 'd00d', ttlMs: 300 }],
  } as const;
  return [
    { kind: 'mishap', mishap: { kind: 'presence', instanceId, isPresent: false } },
    { kind: 'ask', question },
    { kind: 'clock', toMs },
    { kind: 'ask', question },
  ];
}

function claimOf({ task, tick, claimId, maxLatenessMs }: ClaimDraft, view: View): Claim {
  return {
    task,
    tick: view.instantMs(tick, task),
    claimId: claimId === 'standing' ? view.claimId(task) : claimId,
    maxLatenessMs,
  };
}

function lockOf({ task, value, ttlMs }: LockDraft, view: View): LockRequest {
  return { task, value: value === 'standing' ? view.lockValue(task) : value, ttlMs };
}
