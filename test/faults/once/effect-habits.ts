/**
 * How effects are written in practice. Some of it is careless: what a branch does that nobody awaits must never be kept, and an error that was
 * swallowed must never be a success.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import type { PoolClient } from 'pg';

const MAX_PAUSE_MS = 60;
/** Half of the races are lost. */
const RACE_MS = MAX_PAUSE_MS / 2;
const MAX_LATENESS_MS = 250;

/** What an effect has to do, and what an attempt at it is worth. */
export interface Work {
  readonly tx: PoolClient;
  readonly jobId: string;
  readonly random: () => number;
  increment(): Promise<void>;
  log(): Promise<void>;
  /** The middle of the effect, where faults are aimed at. */
  onMiddle(): void;
}

export interface Habit {
  readonly name: string;
  /** Of twenty effects so many are written like this. */
  readonly share: number;
  readonly run: (work: Work) => Promise<void>;
}

export const HABITS: readonly Habit[] = [
  { name: 'one after the other', share: 7, run: inTurn },
  { name: 'Promise.all', share: 4, run: allTogether },
  { name: 'a savepoint around what fails', share: 3, run: withSavepoint },
  { name: 'Promise.all with a branch that fails', share: 2, run: deserted },
  { name: 'a race with a timeout', share: 2, run: raced },
  { name: 'errors swallowed', share: 2, run: swallowing },
];

export function randomHabit(random: () => number): Habit {
  let left = random() * HABITS.reduce((sum, { share }) => sum + share, 0);
  for (const habit of HABITS) {
    left -= habit.share;
    if (left < 0) return habit;
  }
  throw new Error('no habit: random() has to be below 1');
}

async function inTurn(work: Work): Promise<void> {
  await work.increment();
  await middle(work);
  await work.log();
}

async function allTogether(work: Work): Promise<void> {
  await Promise.all([work.increment(), middle(work), work.log()]);
}

async function withSavepoint(work: Work): Promise<void> {
  await work.tx.query('SAVEPOINT try');
  await work.tx.query('SELECT 1 / 0').catch(() => work.tx.query('ROLLBACK TO try'));
  await inTurn(work);
}

/** One branch fails, so the effect has failed; the other one does not know and goes on. */
async function deserted(work: Work): Promise<void> {
  const failing = middle(work).then(() => {
    throw new Error('a branch has failed');
  });
  const going = sleep(work.random() * MAX_LATENESS_MS).then(() => writeStray(work));
  going.catch(() => undefined);
  await Promise.all([inTurn(work), failing, going]);
}

/** Who loses goes on. */
async function raced(work: Work): Promise<void> {
  let isLost = false;
  const working = inTurn(work).then(() => (isLost ? writeStray(work) : undefined));
  working.catch(() => undefined);
  const timeout = sleep(RACE_MS).then(() => {
    isLost = true;
    throw new Error('too slow');
  });
  timeout.catch(() => undefined);
  await Promise.race([working, timeout]);
}

async function swallowing(work: Work): Promise<void> {
  await work.increment();
  await work.tx.query('SELECT 1 / 0').catch(() => undefined);
  await middle(work);
  await work.log().catch(() => undefined);
}

async function writeStray({ tx, jobId }: Work): Promise<void> {
  await tx.query('INSERT INTO stray VALUES ($1)', [jobId]);
}

async function middle({ onMiddle, random }: Work): Promise<void> {
  onMiddle();
  await sleep(random() * MAX_PAUSE_MS);
}
