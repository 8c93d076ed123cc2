/** What all kinds of failure have in common: a scene in which it is made to happen again and again. */

import type { SeededRandom } from 'nestjs-distributed-schedule/testing';

/** One trial: the failure has struck, and a run has started since. */
export interface Struck {
  /** Epoch ms at which it struck. */
  readonly faultMs: number;
  /** Epoch ms at which the next run started, as its handler wrote it down. */
  readonly startedMs: number;
  /** What the bound is about, ms. */
  readonly measuredMs: number;
  /** Makes everything whole again and waits until it is seen to work. */
  heal(): Promise<void>;
}

/** Every second from the first trial to the last, as the handlers wrote it down. */
export interface TickAccount {
  readonly missed: number;
  readonly doubled: number;
  /** One line per tick that did not run: what the replicas said about it. */
  readonly stories: readonly string[];
}

export interface Scene {
  /** Strikes at a random moment and resolves once the next run has started. */
  strike(): Promise<Struck>;
  account(): TickAccount;
  close(): Promise<void>;
}

export interface Failure {
  readonly name: string;
  /** The bound in words, as the table shows it. */
  readonly bound: string;
  readonly boundMs: number;
  /** Whether losing no tick is part of the bound. Elsewhere a tick or more cannot run, by design. */
  readonly losesNoTick: boolean;
  /** How many of `--trials` it gets: some take long and vary little. */
  readonly share: number;
  open(random: SeededRandom): Promise<Scene>;
}

export const SECOND_MS = 1_000;
export const LEASE_TTL_MS = 3_000;
export const FEW = 0.2;
/** Where no time is promised, only that no tick is lost. */
export const UNBOUNDED = Number.POSITIVE_INFINITY;

/** A whole number of ms from `from` to `to`. */
export function between(random: SeededRandom, from: number, to: number): number {
  return from + Math.floor(random.next() * (to - from + 1));
}

export function secondAfter(epochMs: number): number {
  return (Math.floor(epochMs / SECOND_MS) + 1) * SECOND_MS;
}
