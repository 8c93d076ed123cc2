/** A tick that a person or a program asks for: an extra instant of the task, which all instances contest like any other. */

import { DistributedScheduleError } from '../protocol/errors.js';
import type { Random } from '../protocol/ports.js';
import { DEFAULT_POLICIES, looksBack } from '../protocol/task-policies.js';
import { areTooNear, triggerSlot } from '../protocol/trigger-slot.js';
import type { PlannedTask } from './control-plan.js';
import { type TriggerRecord, triggerKey, triggersOn } from './control-records.js';
import { type DecisionParts, Decisions } from './decisions.js';
import { jsonOf } from './runtime-task.js';

export interface TaskTriggerParts extends DecisionParts {
  readonly random: Random;
}

export interface TriggerOptions {
  /** Handed to the run as `payload`, in place of that of the task. JSON. */
  readonly payload?: unknown;
}

/** A triggered tick: when it is due, in epoch ms of cluster time. */
export interface TriggeredTick {
  readonly task: string;
  readonly tick: number;
}

/** A trigger is due so long after the call, ms: every instance has read it by then. */
const TRIGGER_LEAD_MS = 1_000;

/** A trigger is remembered so long at least, ms. */
const TRIGGER_TTL_MS = 60_000;
const LONGEST_TRIGGER_TTL_MS = 86_400_000;

/** Triggers of one task that are remembered at a time. */
const MOST_TRIGGERS = 100;

/** Two instances that trigger a task at the same moment make way for each other so often at most. */
const MOST_MOVES = 5;

export class TaskTrigger {
  private readonly decisions: Decisions;

  constructor(private readonly parts: TaskTriggerParts) {
    this.decisions = new Decisions(parts);
  }

  async trigger(name: string, { payload }: TriggerOptions = {}): Promise<TriggeredTick> {
    if (payload !== undefined) jsonOf(name, payload);
    await this.decisions.requireRead(name);
    const planned = this.decisions.requireKnown(name);
    let fromMs = Math.floor(this.parts.board.nowMs()) + TRIGGER_LEAD_MS;
    for (let move = 0; ; move += 1) {
      const tick = this.slotOf(planned, fromMs);
      const key = triggerKey(name, tick, this.parts.random.id().slice(0, 8));
      const record: TriggerRecord = { tick, ...(payload === undefined ? {} : { payload }) };
      await this.decisions.write(name, key, record, this.triggerTtlMs(planned, tick));
      const rivals = this.triggersOf(name).filter((one) => one.key !== key && areTooNear(one.tick, tick));
      if (rivals.length === 0 || move === MOST_MOVES) return { task: name, tick };
      // Somebody has triggered it at the same moment: one of the two ticks would swallow the other.
      await this.decisions.write(name, key, undefined);
      fromMs =
        Math.max(...rivals.map((one) => one.tick)) + Math.ceil(this.parts.random.next() * TRIGGER_LEAD_MS);
    }
  }

  private slotOf({ name, base, state }: PlannedTask, fromMs: number): number {
    if (base === undefined) {
      throw new DistributedScheduleError(
        'DSCHED_UNKNOWN_HANDLER',
        `this instance cannot tell when it is due (${state}). Trigger it through an instance that has its handler`,
        { task: name, value: name },
      );
    }
    const taken = this.triggersOf(name).map(({ tick }) => tick);
    const slot = taken.length < MOST_TRIGGERS ? triggerSlot(base, taken, fromMs) : undefined;
    if (slot !== undefined) return slot;
    throw new DistributedScheduleError(
      'DSCHED_NO_ROOM',
      taken.length < MOST_TRIGGERS
        ? `it is due so often (${base.description}) that no instant is left between two ticks`
        : `it was triggered ${taken.length} times lately, which are as many as are kept`,
      { task: name, value: taken.length },
    );
  }

  private triggersOf(name: string): readonly { readonly key: string; readonly tick: number }[] {
    return triggersOn(this.parts.board).get(name) ?? [];
  }

  /** As long as a policy of the task may look back on the tick. */
  private triggerTtlMs({ task }: PlannedTask, tick: number): number {
    const policies = task?.policies ?? DEFAULT_POLICIES;
    const lookBackMs = looksBack(policies)
      ? Math.max(policies.misfireWithinMs, policies.recoveryWithinMs)
      : 0;
    return (
      tick -
      Math.floor(this.parts.board.nowMs()) +
      Math.min(LONGEST_TRIGGER_TTL_MS, Math.max(TRIGGER_TTL_MS, lookBackMs))
    );
  }
}
