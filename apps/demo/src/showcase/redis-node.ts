import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasExited, whenExited } from './child-exit.js';

const MAX_START_MS = 5_000;
const PROBE_EVERY_MS = 20;

/** One redis-server without persistence: whatever it knew is gone when it stops. */
export class RedisNode {
  private child: ChildProcess | undefined;
  private up = false;

  constructor(
    private readonly binary: string,
    readonly port: number,
    private readonly folder: string,
  ) {}

  get isUp(): boolean {
    return this.up;
  }

  /** @throws Error when the server does not answer within a few seconds */
  async start(): Promise<void> {
    const directory = join(this.folder, `redis-${this.port}`);
    mkdirSync(directory, { recursive: true });
    const log = openSync(join(this.folder, `redis-${this.port}.log`), 'a');
    const address = ['--bind', '127.0.0.1', '--port', String(this.port)];
    const forgetful = ['--save', '', '--appendonly', 'no', '--dir', directory];
    const child = spawn(this.binary, [...address, ...forgetful], { stdio: ['ignore', log, log] });
    closeSync(log);
    this.child = child;
    // A binary that cannot be run shows as a process that has ended.
    child.once('error', () => {});
    child.once('exit', () => {
      this.up = false;
    });
    await this.answers(child);
    this.up = true;
  }

  /** At once and without a word to its clients, as a machine that loses its power. */
  async kill(): Promise<void> {
    this.child?.kill('SIGKILL');
    this.up = false;
    await whenExited(this.child);
  }

  private async answers(child: ChildProcess): Promise<void> {
    const deadlineMs = Date.now() + MAX_START_MS;
    while (!(await isAnswering(this.port))) {
      if (hasExited(child) || Date.now() > deadlineMs) {
        throw new Error(`redis-server on port ${this.port} does not start; see its log in ${this.folder}`);
      }
      await sleep(PROBE_EVERY_MS);
    }
  }
}

function isAnswering(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.write('PING\r\n'));
    const finish = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('data', (reply) => finish(reply.toString().startsWith('+PONG')));
    socket.once('error', () => finish(false));
    socket.setTimeout(MAX_START_MS, () => finish(false));
  });
}
