/** A replica of the counter test as seen by whoever hurts it. */

import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { killAtExit } from '../../support/leftovers.js';
import type { FromReplica, ReplicaPlan } from './once-plan.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const ROUTE = fileURLToPath(new URL('../campaign/route.cjs', import.meta.url));
const END_WITHIN_MS = 15_000;
const OUTPUT_KEPT = 4_000;

export interface ReplicaEvents {
  readonly onMessage: (message: FromReplica) => void;
  /** It has ended although nobody asked for it. */
  readonly onTrouble: (what: string) => void;
}

export class ReplicaProcess {
  readonly ready: Promise<void>;
  private readonly child: ChildProcess;
  private isDoomed = false;
  private output = '';
  private waiting: (() => void)[] = [];

  constructor(
    program: string,
    readonly plan: ReplicaPlan,
    routes: Readonly<Record<string, number>>,
    { onMessage, onTrouble }: ReplicaEvents,
  ) {
    this.child = fork(program, [JSON.stringify(plan)], {
      cwd: ROOT,
      execArgv: ['--require', ROUTE],
      env: { ...process.env, CAMPAIGN_ROUTES: JSON.stringify(routes) },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    killAtExit(this.child);
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (chunk) => {
        this.output = `${this.output}${chunk}`.slice(-OUTPUT_KEPT);
      });
    }
    this.ready = new Promise((resolve, reject) => {
      this.child.on('message', (message: FromReplica) => {
        if (message.kind === 'ready') resolve();
        if (message.kind === 'effect') for (const wake of this.waiting.splice(0)) wake();
        onMessage(message);
      });
      this.child.once('exit', (code) => {
        if (!this.isDoomed) onTrouble(`${plan.replica} ended with ${code}:\n${this.output}`);
        reject(new Error(`${plan.replica} ended before it was ready`));
      });
    });
    // Whoever waits hears of it; a replica that is killed while it starts has nobody who does.
    this.ready.catch(() => undefined);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get isAlive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Resolves in the middle of the replica's next effect, or when the time is up. */
  async nextEffect(withinMs: number): Promise<void> {
    const met = new Promise<void>((resolve) => {
      this.waiting.push(resolve);
    });
    await Promise.race([met, sleep(withinMs, undefined, { ref: false })]);
  }

  /** Resolves to whether it has ended by the signal. */
  async kill(): Promise<boolean> {
    this.isDoomed = true;
    if (this.isAlive) {
      const ended = once(this.child, 'exit');
      this.child.kill('SIGKILL');
      await ended;
    }
    return this.child.signalCode === 'SIGKILL';
  }

  /** Resolves to whether the process is seen to stand still. */
  stop(): boolean {
    this.child.kill('SIGSTOP');
    return execFileSync('ps', ['-o', 'state=', '-p', String(this.pid)], { encoding: 'utf8' }).startsWith('T');
  }

  resume(): void {
    this.child.kill('SIGCONT');
  }

  /** Lets what is under way end. */
  async end(): Promise<void> {
    this.isDoomed = true;
    if (!this.isAlive) return;
    const ended = once(this.child, 'exit');
    if (this.child.connected) this.child.disconnect();
    await Promise.race([ended, sleep(END_WITHIN_MS, undefined, { ref: false })]);
    await this.kill();
  }
}
