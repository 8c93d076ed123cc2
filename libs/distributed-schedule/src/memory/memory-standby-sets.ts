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
  /** Of which tick and memory. */
  readonly about: string;
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
  inShort({
    digest,
    count,
    tick,
  }: Extract<StandbyQuestion, { kind: 'ask' }>): readonly NodeTick[] | undefined {
    this.expire();
    const kept = this.sets.get(digest);
    if (kept?.tasks.length !== count) return undefined;
    const { id, floor } = this.ledger.remember();
    const about = `${tick} ${id} ${floor}`;
    const nowMs = Math.floor(this.clock.wallMs());
    const { answer } = kept;
    const ageMs = nowMs - (answer?.atMs ?? 0);
    if (answer?.about === about && ageMs >= 0 && ageMs <= SHORT_ANSWER_AGE_MS) {
      this.renew(digest, kept);
      return answer.ticks;
    }
    const ticks = this.ticksOf(kept.tasks, tick);
    this.renew(digest, { ...kept, answer: { ticks, about, atMs: nowMs } });
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

  private ticksOf(tasks: readonly string[], tick: number): readonly NodeTick[] {
    const lines = tasks.map((task) => this.lineOf(task, tick));
    const digests = digestsOf(lines.map((line) => line?.text ?? '-'));
    return tasks.map((task, index) => {
      const owner = lines[index]?.owner;
      if (owner === undefined) return this.ledger.newest(task);
      return { tick, claimId: `${owner}:${digests[Math.floor(index / LINES_PER_DIGEST)]}`, isShort: true };
    });
  }

  private expire(): void {
    const nowMs = this.clock.wallMs();
    for (const [digest, { expireAtMs }] of this.sets) if (nowMs > expireAtMs) this.sets.delete(digest);
  }

  /** The stored line of what may be said in short: claimed at this very tick, above every floor, by an owner without a colon. */
  private lineOf(task: string, tick: number): { readonly text: string; readonly owner: string } | undefined {
    const { tick: newest, claimId = '', floor } = this.ledger.newest(task);
    const [owner, , more] = claimId.split(':');
    const isShort = newest === tick && floor === undefined && claimId.includes(':') && more === undefined;
    return isShort && owner ? { owner, text: this.ledger.lineText(task) } : undefined;
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
