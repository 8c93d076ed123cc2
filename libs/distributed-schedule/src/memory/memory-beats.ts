/** Who gave a sign of life to one memory node, and which set and ids it showed. The model of membership-scripts.ts. */

import { FORGET_MEMBER_AFTER_MS, MARGIN_MS, MEMBER_TTL_MS } from '../protocol/contract/constants.js';
import type { LedgerId } from '../protocol/contract/ledger-id.js';
import type { BeatSign, LiveSet } from '../protocol/contract/node-identity.js';
import { type NodeSet, setText } from '../protocol/contract/node-set.js';
import type { Clock, LifeSign } from '../protocol/contract/ports.js';

interface Beat {
  readonly atMs: number;
  /** Only an instance whose presence was seen at its last beat may be judged dead by the absence of its presence. */
  readonly wasPresent: boolean;
}

export interface BeatSnapshot {
  readonly beats: ReadonlyMap<string, Beat>;
  /** A key of its own in a store, so that either may be gone without the other. */
  readonly signs: ReadonlyMap<string, BeatSign>;
  /** Node time after which the whole set is gone. */
  readonly expireAtMs: number;
}

export class MemoryBeats {
  private readonly beats = new Map<string, Beat>();
  private readonly signs = new Map<string, BeatSign>();
  private expireAtMs = 0;

  constructor(
    private readonly clock: Pick<Clock, 'wallMs'>,
    private readonly isPresent: (instanceId: string) => boolean,
  ) {}

  /** Notes a sign of life and answers who else is alive, the caller included, and which other sets they show. */
  beat(
    instanceId: string,
    sign: BeatSign,
  ): { readonly members: readonly string[]; readonly liveSets: readonly LiveSet[] } {
    const nowMs = this.clock.wallMs();
    const others = this.living().filter((id) => id !== instanceId);
    const liveSets = this.liveSets(
      this.recent().filter((id) => id !== instanceId),
      sign.set,
      new Set(others),
    );
    this.beats.set(instanceId, { atMs: nowMs, wasPresent: this.isPresent(instanceId) });
    this.signs.set(instanceId, sign);
    for (const [id, beat] of this.beats) {
      if (scoreOf(beat) <= nowMs - FORGET_MEMBER_AFTER_MS) this.remove(id);
    }
    this.expireAtMs = nowMs + FORGET_MEMBER_AFTER_MS;
    return { members: [instanceId, ...others], liveSets };
  }

  /** Whose beats are not missed yet, and named another id of the position than this one with the last of them. */
  userOfOther(position: string, id: LedgerId): string | undefined {
    return this.recent().find((member) => {
      const named = this.signs.get(member)?.ids[position];
      return named !== undefined && named !== id;
    });
  }

  /** Whether an instance is taken for alive. The caller knows since when this node listens. */
  signOf(instanceId: string): Exclude<LifeSign, 'unknown'> {
    if (this.living().includes(instanceId)) return 'alive';
    return this.isPresent(instanceId) ? 'silent' : 'gone';
  }

  leave(instanceId: string): void {
    this.expire(this.clock.wallMs());
    this.remove(instanceId);
  }

  /** A store short of memory has removed one of its keys, or all. */
  clear(what: 'members' | 'signs' | 'all' = 'all'): void {
    if (what !== 'signs') this.beats.clear();
    if (what !== 'members') this.signs.clear();
  }

  snapshot(): BeatSnapshot {
    this.expire(this.clock.wallMs());
    return { beats: new Map(this.beats), signs: new Map(this.signs), expireAtMs: this.expireAtMs };
  }

  restore({ beats, signs, expireAtMs }: BeatSnapshot): void {
    this.clear();
    for (const [id, beat] of beats) this.beats.set(id, beat);
    for (const [id, sign] of signs) this.signs.set(id, sign);
    this.expireAtMs = expireAtMs;
  }

  private living(): readonly string[] {
    return this.recent().filter((id) => this.isPresent(id) || this.beats.get(id)?.wasPresent !== true);
  }

  /** The newest beat first. Ended connections tell who may be dead, not that a set is gone. */
  private recent(): readonly string[] {
    const nowMs = this.clock.wallMs();
    this.expire(nowMs);
    return [...this.beats]
      .filter(([, beat]) => isRecent(beat, nowMs))
      .sort(([id, beat], [otherId, other]) => scoreOf(other) - scoreOf(beat) || (otherId < id ? -1 : 1))
      .map(([id]) => id);
  }

  private liveSets(recent: readonly string[], own: NodeSet, living: ReadonlySet<string>): readonly LiveSet[] {
    const byText = new Map<string, LiveSet>();
    for (const member of recent) {
      const sign = this.signs.get(member);
      if (sign === undefined || setText(sign.set) === setText(own)) continue;
      const text = `${setText(sign.set)} ${sign.yields}`;
      const known = byText.get(text);
      byText.set(text, {
        set: sign.set,
        app: known?.app ?? sign.app,
        instances: (known?.instances ?? 0) + (living.has(member) ? 1 : 0),
        standsSinceMs: earlier(known?.standsSinceMs, sign.standsSinceMs),
        yields: sign.yields,
      });
    }
    return [...byText.values()];
  }

  private remove(instanceId: string): void {
    this.beats.delete(instanceId);
    this.signs.delete(instanceId);
  }

  private expire(nowMs: number): void {
    if (nowMs > this.expireAtMs) this.clear();
  }
}

/** A beat up to MARGIN ahead is from before the clock stepped back. One that is further ahead is of no known time. */
function isRecent(beat: Beat, nowMs: number): boolean {
  const score = scoreOf(beat);
  return score >= nowMs - MEMBER_TTL_MS && score <= nowMs + MARGIN_MS;
}

function scoreOf({ atMs, wasPresent }: Beat): number {
  return atMs + (wasPresent ? 0.5 : 0);
}

function earlier(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Math.min(one, other);
}
