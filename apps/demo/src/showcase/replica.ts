import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { ReplicaMessage } from '../replica-message.js';
import { whenExited } from './child-exit.js';

const ENTRY = join(import.meta.dirname, '..', 'main.js');

/** Longer than the app's own limit for draining would make the end of the showcase wait. */
const MAX_STOP_MS = 5_000;

export type ReplicaState = 'starting' | 'up' | 'paused' | 'down';

export interface ReplicaSetup {
  readonly name: string;
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  onMessage(message: ReplicaMessage): void;
  onCrash(how: string): void;
}

export class Replica {
  private child: ChildProcess | undefined;
  state: ReplicaState = 'down';

  constructor(private readonly setup: ReplicaSetup) {}

  get name(): string {
    return this.setup.name;
  }

  get recordFile(): string {
    return join(this.setup.folder, `${this.name}.jsonl`);
  }

  /** Resolves when its HTTP server listens. */
  start(): Promise<void> {
    const log = openSync(join(this.setup.folder, `${this.name}.log`), 'a');
    const child = fork(ENTRY, [], {
      env: { ...process.env, ...this.setup.env, REPLICA: this.name, RECORD_FILE: this.recordFile, PORT: '0' },
      stdio: ['ignore', log, log, 'ipc'],
    });
    closeSync(log);
    this.child = child;
    this.state = 'starting';
    return new Promise((resolve, reject) => {
      child.on('message', (message: ReplicaMessage) => {
        if (message.type === 'listening') {
          this.state = 'up';
          resolve();
        }
        this.setup.onMessage(message);
      });
      child.once('error', reject);
      child.once('exit', (code, signal) => {
        reject(new Error(`replica ${this.name} ended (${signal ?? code}) before it was ready; see its log`));
        if (this.state !== 'down') this.setup.onCrash(String(signal ?? `code ${code}`));
        this.state = 'down';
      });
    });
  }

  /** kill -9: no handler of the process runs. */
  kill(): Promise<void> {
    this.state = 'down';
    this.child?.kill('SIGKILL');
    return whenExited(this.child);
  }

  /** Stops the process where it stands, as a virtual machine that is moved, or a laptop that is closed. */
  pause(): void {
    if (this.state !== 'up') return;
    this.state = 'paused';
    this.child?.kill('SIGSTOP');
  }

  resume(): void {
    if (this.state !== 'paused') return;
    this.state = 'up';
    this.child?.kill('SIGCONT');
  }

  /** SIGTERM, as a deploy does it. */
  async stop(): Promise<void> {
    this.resume();
    this.state = 'down';
    this.child?.kill('SIGTERM');
    const timer = setTimeout(() => this.child?.kill('SIGKILL'), MAX_STOP_MS);
    await whenExited(this.child);
    clearTimeout(timer);
  }
}
