/** Which standby sets one memory node knows, and how it answers about them in short. The model of standby-words.ts. */

import { createHash } from 'node:crypto';
import type { Clock, NodeTick } from '../protocol/contract/ports.js';
import {
  LINES_PER_DIGEST,
  SHORT_ANSWER_AGE_MS,
  STANDBY_SET_TTL_MS,
  type StandbyQuestion,
} from '../protocol/contract/standby-set.js';
import type { MemoryLedger } from './memory-ledger.js';

/** Of the 40 digits of a SHA-1. */
const DIGITS = 32;

/** The same is answered again to those who look at the same moment. */
interface ShortAnswer {
  readonly ticks: readonly NodeTick[];
  readonly atMs: number;
  readonly memory: string;
}

interface ShortLine {
  readonly tick: number;
  readonly owner: string;
  /** As it is stored. */
  readonly text: string;
}

interface KeptSet {
  readonly tasks: readonly string[];
  readonly expireAtMs: number;
  readonly answer?: ShortAnswer;
}

export type StandbySetSnapshot = ReadonlyMap<string, KeptSet>;

export class MemoryStandbySets {
  private readonly sets = new Map<string, KeptSet>();

  constructor(
    private readonly clock: Pick<Clock, 'wallMs'>,
    private readonly ledger: Pick<MemoryLedger, 'newest' | 'lineText' | 'remember'>,
  ) {}

  keep(tasks: readonly string[], { digest, count }: StandbyQuestion): void {
    const kept = tasks.slice(0, count);
    if (digestOf(kept) !== digest) return;
    this.expire();
    this.renew(digest, { ...this.sets.get(digest), tasks: kept });
  }

  /** One per task of the set; undefined where it is not known, or not with so many tasks. */
  inShort({ digest, count }: StandbyQuestion): readonly NodeTick[] | undefined {
    this.expire();
    const kept = this.sets.get(digest);
    if (kept?.tasks.length !== count) return undefined;
    const { id, floor } = this.ledger.remember();
    const memory = `${id} ${floor}`;
    const nowMs = Math.floor(this.clock.wallMs());
    const { answer } = kept;
    const ageMs = nowMs - (answer?.atMs ?? 0);
    if (answer?.memory === memory && ageMs >= 0 && ageMs <= SHORT_ANSWER_AGE_MS) {
      this.renew(digest, kept);
      return answer.ticks;
    }
    const ticks = this.ticksOf(kept.tasks);
    this.renew(digest, { ...kept, answer: { ticks, memory, atMs: nowMs } });
    return ticks;
  }

  clear(): void {
    this.sets.clear();
  }

  snapshot(): StandbySetSnapshot {
    this.expire();
    return new Map(this.sets);
  }

  restore(snapshot: StandbySetSnapshot): void {
    this.clear();
    for (const [digest, kept] of snapshot) this.sets.set(digest, kept);
  }

  private renew(digest: string, kept: Omit<KeptSet, 'expireAtMs'>): void {
    this.sets.set(digest, { ...kept, expireAtMs: Math.floor(this.clock.wallMs()) + STANDBY_SET_TTL_MS });
  }

  private ticksOf(tasks: readonly string[]): readonly NodeTick[] {
    const lines = tasks.map((task) => this.lineOf(task));
    const digests = digestsOf(lines.map((line) => line?.text ?? '-'));
    return tasks.map((task, index) => {
      const { tick, owner } = lines[index] ?? {};
      if (tick === undefined) return this.ledger.newest(task);
      return { tick, claimId: `${owner}:${digests[Math.floor(index / LINES_PER_DIGEST)]}`, isShort: true };
    });
  }

  private expire(): void {
    const nowMs = this.clock.wallMs();
    for (const [digest, { expireAtMs }] of this.sets) if (nowMs > expireAtMs) this.sets.delete(digest);
  }

  /** What may be said in short: claimed above the floor, by an owner without a colon. */
  private lineOf(task: string): ShortLine | undefined {
    const { tick, claimId = '', floor } = this.ledger.newest(task);
    const [owner = '', random, more] = claimId.split(':');
    const isShort = owner !== '' && random !== undefined && more === undefined && floor === undefined;
    return isShort ? { tick, owner, text: this.ledger.lineText(task) } : undefined;
  }
}

export function digestOf(tasks: readonly string[]): string {
  return sha1Of(tasks.join('\n'));
}

function digestsOf(lines: readonly string[]): readonly string[] {
  return Array.from({ length: Math.ceil(lines.length / LINES_PER_DIGEST) }, (_, index) => {
    const part = lines.slice(index * LINES_PER_DIGEST, (index + 1) * LINES_PER_DIGEST);
    return sha1Of(part.join('\n')).slice(0, DIGITS);
  });
}

function sha1Of(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}
