/** The replicas as seen by whoever runs the torture: child processes that send votes and end when told to. */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { FromReplica, ReplicaPlan, VoteSeen } from './messages.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const REPLICA = fileURLToPath(new URL('./replica.ts', import.meta.url));
/** Contests in flight end within this. */
const END_WITHIN_MS = 10_000;

export interface ReplicaEvents {
  readonly onVote: (vote: VoteSeen) => void;
  /** Something that makes the run void. */
  readonly onTrouble: (what: string) => void;
}

export class ReplicaProcess {
  /** Resolves when every node of every set votes, as it sees that. */
  readonly ready: Promise<void>;
  private readonly child: ChildProcess;
  private isStopping = false;

  constructor(plan: ReplicaPlan, { onVote, onTrouble }: ReplicaEvents) {
    this.child = fork(REPLICA, [JSON.stringify(plan)], {
      cwd: ROOT,
      execArgv: ['--import', './scripts/typescript.mjs'],
    });
    this.ready = new Promise((resolve, reject) => {
      this.child.on('message', (message: FromReplica) => {
        if (message.kind === 'vote') onVote(message);
        if (message.kind === 'trouble') onTrouble(`${plan.replica}: ${message.what}`);
        if (message.kind === 'ready') resolve();
      });
      this.child.once('exit', (code) => {
        reject(new Error(`${plan.replica} ended with ${code} before it was ready`));
        if (!this.isStopping) onTrouble(`${plan.replica} ended with ${code}`);
      });
    });
  }

  /** Lets contests in flight end. */
  async stop(): Promise<void> {
    this.isStopping = true;
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    if (this.child.connected) this.child.disconnect();
    await Promise.race([ended, sleep(END_WITHIN_MS, undefined, { ref: false })]);
  }

  kill(): void {
    this.isStopping = true;
    this.child.kill('SIGKILL');
  }
}
