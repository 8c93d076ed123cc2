/**
 * The process of an instance whose handler ignores its signal: it works in small steps and then writes, whatever has
 * become of its lease. For stale-holder.test.ts, which forks it.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { TickContext } from 'nestjs-distributed-schedule';
import { startTaskApp } from '../../support/task-app.js';
import { type Written, writeBoth } from './guarded-register.js';

export type WriterMessage = {
  readonly tick: number;
  readonly token: number;
  /** Epoch ms. */
  readonly atMs: number;
} & (
  | { readonly type: 'starts'; readonly workMs: number }
  | ({ readonly type: 'wrote'; readonly signalAborted: boolean } & Written)
);

const STEP_MS = 50;

const { NODES = '', REGISTER = '', LEASE_TTL_MS = '', WORK_MS = '' } = process.env;
const register = new Redis(REGISTER);
let workMs = Number(WORK_MS);

const tell = (message: WriterMessage): void => {
  process.send?.(message);
};

async function work({ tick, fencingToken: token, signal }: TickContext): Promise<void> {
  const steps = workMs / STEP_MS;
  tell({ type: 'starts', tick, token, atMs: Date.now(), workMs });
  for (let step = 0; step < steps; step += 1) await sleep(STEP_MS);
  const written = await writeBoth(register, token);
  tell({ type: 'wrote', tick, token, atMs: Date.now(), signalAborted: signal.aborted, ...written });
}

process.on('message', (message: { readonly workMs: number }) => {
  workMs = message.workMs;
});
// An instance without its test would run on, unseen, for ever.
process.once('disconnect', () => process.exit());

const ttlMs = Number(LEASE_TTL_MS);
await startTaskApp({ redis: NODES.split(','), lease: { ttlMs }, nodeTimeoutMs: ttlMs / 4 }, work);
