/** Who gave a sign of life to one memory node. The model of the scripts in membership-scripts.ts. Node time only. */

import { FORGET_MEMBER_AFTER_MS, MEMBER_TTL_MS } from '../protocol/constants.js';
import type { Clock } from '../protocol/ports.js';

interface Beat {
  readonly atMs: number;
  /** Only an instance whose presence was seen at its last beat may be judged dead by the absence of its presence. */
  readonly wasPresent: boolean;
}

export interface BeatSnapshot {
  readonly beats: ReadonlyMap<string, Beat>;
  /** Node time after which the whole set is gone. */
  readonly expireAtMs: number;
}

export class MemoryBeats {
  private readonly beats = new Map<string, Beat>();
  private expireAtMs = 0;

  constructor(
    private readonly clock: Pick<Clock, 'wallMs'>,
    private readonly isPresent: (instanceId: string) => boolean,
  ) {}

  /** Notes a sign of life and answers who else is alive, the caller included. */
  beat(instanceId: string): readonly string[] {
    const nowMs = this.clock.wallMs();
    this.expire(nowMs);
    const others = [...this.beats].filter(([id, beat]) => id !== instanceId && this.isAlive(id, beat, nowMs));
    this.beats.set(instanceId, { atMs: nowMs, wasPresent: this.isPresent(instanceId) });
    for (const [id, beat] of this.beats) {
      if (scoreOf(beat) <= nowMs - FORGET_MEMBER_AFTER_MS) this.beats.delete(id);
    }
    this.expireAtMs = nowMs + FORGET_MEMBER_AFTER_MS;
    return [instanceId, ...others.map(([id]) => id)];
  }

  leave(instanceId: string): void {
    this.expire(this.clock.wallMs());
    this.beats.delete(instanceId);
  }

  clear(): void {
    this.beats.clear();
  }

  snapshot(): BeatSnapshot {
    this.expire(this.clock.wallMs());
    return { beats: new Map(this.beats), expireAtMs: this.expireAtMs };
  }

  restore({ beats, expireAtMs }: BeatSnapshot): void {
    this.clear();
    for (const [id, beat] of beats) this.beats.set(id, beat);
    this.expireAtMs = expireAtMs;
  }

  /** A beat from the future is one from before the clock stepped back: its instance beats again within a second. */
  private isAlive(id: string, beat: Beat, nowMs: number): boolean {
    const score = scoreOf(beat);
    const isRecent = score >= nowMs - MEMBER_TTL_MS && score <= nowMs + 1;
    return isRecent && (this.isPresent(id) || !beat.wasPresent);
  }

  private expire(nowMs: number): void {
    if (nowMs > this.expireAtMs) this.clear();
  }
}

function scoreOf({ atMs, wasPresent }: Beat): number {
  return atMs + (wasPresent ? 0.5 : 0);
}
