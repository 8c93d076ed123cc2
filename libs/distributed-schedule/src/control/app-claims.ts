/**
 * One name is one task of the namespace: one line of the ledger, one lock. Of two living apps with one name the first keeps it over all
 * its versions, and the other runs none of it. Equal instants: the name of the app decides. An app that returns within 30 days, for
 * which its sets are kept, takes its old place.
 */

import { DistributedScheduleError } from '../protocol/contract/errors.js';
import { sha256Hex } from '../tasks/sha256.js';

export interface AppClaim {
  readonly app: string;
  /** Since when the app has had a task of the name, epoch ms of cluster time. */
  readonly sinceMs: number;
}

export interface ClaimedName extends AppClaim {
  readonly task: string;
}

/** The room of an app's records on the board: its name may be long, and hold what keys may not. */
export function roomOf(app: string): string {
  return sha256Hex(app).slice(0, 12);
}

/** Whether `one` keeps the name. */
export function isBefore(one: AppClaim, other: AppClaim): boolean {
  return one.sinceMs === other.sinceMs ? one.app < other.app : one.sinceMs < other.sinceMs;
}

export function firstOf(claims: readonly ClaimedName[]): ReadonlyMap<string, AppClaim> {
  const first = new Map<string, AppClaim>();
  for (const { task, app, sinceMs } of claims) {
    const claim = { app, sinceMs };
    const rival = first.get(task);
    if (rival === undefined || isBefore(claim, rival)) first.set(task, claim);
  }
  return first;
}

export function leftToApp({ app }: AppClaim): string {
  return `app '${app}' of this namespace has a task of this name, and had it first. Rename one of the two`;
}

export function twoApps(task: string, own: string, { app }: AppClaim): DistributedScheduleError {
  return new DistributedScheduleError(
    'DSCHED_TWO_APPS',
    `app '${app}' has a task of this name, and had it first; this is app '${own}'. In one namespace a name is one task, so the two ` +
      "would take each other's ticks. Pass another { name } to one of them, or give the apps a namespace each. If both are the " +
      'same application under two names, pass the same `app` to both',
    { task, value: app },
  );
}
