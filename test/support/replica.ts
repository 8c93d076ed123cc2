/** A real process of apps/demo that a test starts, hurts and stops. */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ReplicaCommand, ReplicaMessage } from '../../apps/demo/src/replica-message.js';
import { commandIn, HERE, type Place } from './place.js';

const MAIN = fileURLToPath(new URL('../../dist/apps/demo/apps/demo/src/main.js', import.meta.url));

/** Lines of output that are kept to explain a failure. */
const OUTPUT_LINES_KEPT = 200;
/** Of a slow machine that starts several at a time. */
const START_WITHIN_MS = 60_000;

export class Replica {
  readonly messages: ReplicaMessage[] = [];
  private output: string[] = [];
  private port: number | undefined;
  private waiting: { readonly isMet: () => boolean; readonly resolve: () => void }[] = [];

  private constructor(
    readonly name: string,
    private readonly child: ChildProcess,
    private readonly place: Place,
  ) {
    child.on('message', (message) => this.receive(message as ReplicaMessage));
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk) => {
        this.output = [...this.output, ...String(chunk).trimEnd().split('\n')].slice(-OUTPUT_LINES_KEPT);
      });
    }
  }

  /** Starts a replica and resolves when it listens. Environment as in apps/demo/src/settings.ts. */
  static async start(
    name: string,
    env: Readonly<Record<string, string>>,
    place: Place = HERE,
  ): Promise<Replica> {
    const [execPath, execArgv] = commandIn(place, process.execPath, []);
    const child = fork(MAIN, {
      execPath,
      execArgv,
      env: { ...process.env, NO_COLOR: '1', PORT: '0', REPLICA: name, ...env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const replica = new Replica(name, child, place);
    child.once('exit', () => replica.release());
    const late = setTimeout(() => child.kill('SIGKILL'), START_WITHIN_MS);
    await replica.until(() => replica.port !== undefined);
    clearTimeout(late);
    if (replica.port === undefined) {
      const how = replica.child.signalCode ?? `exit code ${replica.child.exitCode}`;
      throw new Error(
        `replica ${name} did not start (${how}; killed after ${START_WITHIN_MS} ms):\n${replica.log()}`,
      );
    }
    return replica;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get isAlive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Resolves when the process has ended, however that came. */
  get ended(): Promise<unknown> {
    return this.isAlive ? once(this.child, 'exit') : Promise.resolve();
  }

  /** What the process has printed lately. */
  log(): string {
    return this.output.join('\n');
  }

  /** Sends a signal and, unless it only stops or continues the process, waits for its end. Resolves to the exit code. */
  async kill(signal: NodeJS.Signals): Promise<number | null> {
    if (!this.isAlive) return this.child.exitCode;
    const exited = once(this.child, 'exit');
    this.child.kill(signal);
    const [code] = (await exited) as [number | null];
    return code;
  }

  /** Makes the process hurt itself, see apps/demo/src/fault-commands.ts. */
  command(command: ReplicaCommand): void {
    this.child.send(command);
  }

  pause(): void {
    this.child.kill('SIGSTOP');
  }

  resume(): void {
    this.child.kill('SIGCONT');
  }

  /** Resolves when a message has made `isMet` true, or when the process has ended. */
  until(isMet: () => boolean): Promise<void> {
    if (isMet() || !this.isAlive) return Promise.resolve();
    return new Promise((resolve) => {
      this.waiting.push({ isMet, resolve });
    });
  }

  /** GET of a path of its HTTP server. */
  async get(path: string): Promise<{ readonly status: number; readonly body: unknown }> {
    const response = await fetch(`http://${this.place.address}:${this.port}${path}`);
    return { status: response.status, body: await response.json() };
  }

  private receive(message: ReplicaMessage): void {
    this.messages.push(message);
    if (message.type === 'listening') this.port = message.port;
    this.waiting = this.waiting.filter(({ isMet, resolve }) => {
      if (!isMet()) return true;
      resolve();
      return false;
    });
  }

  private release(): void {
    for (const { resolve } of this.waiting.splice(0)) resolve();
  }
}
