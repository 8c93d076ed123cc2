/** A tick that a person or a program asks for: an extra instant of the task, which all instances contest like any other. */

import { MAX_TRIGGER_TTL_MS, TRIGGER_TTL_MS, triggerKey } from '../protocol/board/board-keys.js';
import { BOARD_PERIOD_MS } from '../protocol/board/board-record.js';
import { DistributedScheduleError } from '../protocol/contract/errors.js';
import { DEFAULT_POLICIES, looksBack } from '../protocol/contract/task-policies.js';
import { requireKnownOptions } from '../protocol/options/option-names.js';
import { LAST_RANK } from '../protocol/options/protocol-options.js';
import { areTooNear, type TriggerPlace, triggerPlace } from '../protocol/schedules/trigger-place.js';
import { copyOfPayload } from '../tasks/payload-json.js';
import type { ControlContext } from './control-context.js';
import { type Trigger, type TriggerRecord, triggersOn } from './control-records.js';
import { DecisionWriter } from './decision-writer.js';
import type { PlannedTask } from './planned-task.js';
import { TaskQueue } from './task-queue.js';
import { noRoom, outrun, requireEnabled, requireSomebody, tooMany } from './trigger-refusals.js';

export interface TriggerOptions {
  /** Handed to the run as `payload`, in place of that of the task. JSON. */
  readonly payload?: unknown;
}

/** A triggered tick: when it is due, in epoch ms of cluster time. */
export interface TriggeredTick {
  readonly task: string;
  readonly tick: number;
}

/** A trigger is due this long after the call: every instance has read it by then, and any move. */
const TRIGGER_LEAD_MS = 1_450;

/** Triggers of one task that are remembered at a time. */
const MAX_TRIGGERS = 100;

/** Distance between triggers if there is room: standbys bid later, and nothing is on time to the ms. */
const MIN_ROOM_MS = 250;

/** Instances that trigger a task at the same moment make way for each other, at most this often. */
const MAX_MOVES = 8;

/** The trigger with the smallest key stays, once the others have moved. It looks this often. */
const LOOKS = 4;
const LOOK_AGAIN_MS = 20;

/** A tick nearer to its time is not moved any more: an instance may not have seen it by then, and run both. */
const LAST_MOVE_AHEAD_MS = BOARD_PERIOD_MS + 50;

export class TaskTrigger {
  private readonly decisions: DecisionWriter;
  /** Calls of one process would choose the same instants, one as well as the other. */
  private readonly queue = new TaskQueue();

  constructor(private readonly context: ControlContext) {
    this.decisions = new DecisionWriter(context);
  }

  async trigger(name: string, options: TriggerOptions = {}): Promise<TriggeredTick> {
    const payload = payloadOf(name, options);
    if (this.queue.lengthOf(name) >= MAX_TRIGGERS) throw noRoom(name, tooMany(MAX_TRIGGERS));
    return this.queue.run(name, () => this.place(name, payload));
  }

  /** All that {@link trigger} checks, for one who places the tick in another way. The payload is the one of now. */
  async requireTriggerable(
    name: string,
    options: TriggerOptions,
  ): Promise<{ readonly planned: PlannedTask; readonly payload: TriggerOptions }> {
    const payload = payloadOf(name, options);
    return { planned: await this.requirePlanned(name), payload };
  }

  private async requirePlanned(name: string): Promise<PlannedTask> {
    await this.decisions.requireRead(name);
    const planned = this.decisions.requireRepeating(name);
    requireEnabled(planned);
    requireSomebody(planned, this.context.whyNobodyRuns(planned));
    return planned;
  }

  private async place(name: string, payload: TriggerOptions): Promise<TriggeredTick> {
    const planned = await this.requirePlanned(name);
    let place = this.placeOf(planned, this.triggersOf(name), 0);
    const placedMs = place.tick;
    const key = triggerKey(name, placedMs, this.context.random.id().slice(0, 8));
    for (let move = 0; ; move += 1) {
      const { tick } = place;
      const record: TriggerRecord = { tick, ...payload };
      await this.decisions.write(name, key, record, this.triggerTtlMs(planned, tick));
      const rivals = await this.rivalsOf(name, key, place);
      const aheadMs = tick - this.context.room.nowMs();
      if (rivals.length === 0 && aheadMs > 0) return { task: name, tick };
      if (move === MAX_MOVES || aheadMs < LAST_MOVE_AHEAD_MS) {
        if (aheadMs > 0 && !rivals.some((one) => areTooNear(one.tick, tick))) return { task: name, tick };
        await this.decisions.write(name, key, undefined);
        throw outrun(name, tick, aheadMs >= LAST_MOVE_AHEAD_MS);
      }
      // Of twice as many places as there are rivals, or they would all move to the same one.
      const skipped = Math.floor(this.context.random.next() * 2 * (rivals.length + 1));
      const others = this.triggersOf(name).filter((one) => one.key !== key);
      place = this.placeOf(planned, others, skipped, placedMs);
    }
  }

  /** Rivals for which ours must move. Of two at once perhaps one instance sees the other: the one that stays waits to see it go. */
  private async rivalsOf(name: string, key: string, place: TriggerPlace): Promise<readonly Trigger[]> {
    const { room, clock } = this.context;
    for (let look = 0; ; look += 1) {
      const rivals = this.triggersOf(name).filter(
        (one) => one.key !== key && Math.abs(one.tick - place.tick) < place.distanceMs,
      );
      if (rivals.length === 0 || look === LOOKS || rivals.some((one) => one.key < key)) return rivals;
      room.flush();
      await clock.sleepUntil(clock.monotonicMs() + LOOK_AGAIN_MS);
    }
  }

  /** @param skipped places that are left to others */
  private placeOf(
    { name, base, state }: PlannedTask,
    others: readonly Trigger[],
    skipped: number,
    /** Where it was placed first: it is claimed there, too, which must not be ahead of its tick. */
    placedMs = Number.NEGATIVE_INFINITY,
  ): TriggerPlace {
    if (base === undefined) {
      throw new DistributedScheduleError(
        'DSCHED_UNKNOWN_HANDLER',
        `this instance cannot tell when it is due (${state}). Trigger it through an instance that has its handler`,
        { task: name, value: name },
      );
    }
    if (others.length >= MAX_TRIGGERS) throw noRoom(name, tooMany(others.length));
    const fromMs = Math.max(Math.floor(this.context.room.nowMs()) + TRIGGER_LEAD_MS, placedMs);
    const leastDistanceMs = Math.max(MIN_ROOM_MS, 2 * LAST_RANK * this.context.bidStaggerMs);
    const taken = others.map(({ tick }) => tick);
    for (let count = 0; ; count += 1) {
      const place = triggerPlace({ schedule: base, taken, fromMs, leastDistanceMs });
      if (place === undefined) {
        const why = `it is due so often (${base.description}) that no instant is left between two ticks`;
        throw noRoom(name, why);
      }
      if (count === skipped) return place;
      taken.push(place.tick);
    }
  }

  private triggersOf(name: string): readonly Trigger[] {
    return triggersOn(this.context.room).get(name) ?? [];
  }

  /** As long as a policy of the task may look back on the tick. */
  private triggerTtlMs({ task }: PlannedTask, tick: number): number {
    const policies = task?.policies ?? DEFAULT_POLICIES;
    const lookBackMs = looksBack(policies)
      ? Math.max(policies.misfireWithinMs, policies.recoveryWithinMs)
      : 0;
    const keptMs = Math.min(MAX_TRIGGER_TTL_MS, Math.max(TRIGGER_TTL_MS, lookBackMs));
    return tick - Math.floor(this.context.room.nowMs()) + keptMs;
  }
}

function payloadOf(name: string, options: TriggerOptions): TriggerOptions {
  const place = { place: 'DistributedScheduleRegistry.trigger', task: name };
  requireKnownOptions(place, options, { payload: true });
  return copyOfPayload(name, options.payload);
}
