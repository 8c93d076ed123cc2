/** The processes of a soak. */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { killAtExit } from '../../support/leftovers.js';
import type { Entry } from '../latency/contestant.js';
import type { Held, SoakSaid } from './instance.js';

const SCRIPT = fileURLToPath(new URL('./instance.ts', import.meta.url));
const ANSWERS_WITHIN_MS = 30_000;

export class SoakFleet {
  private readonly living = new Set<ChildProcess>();
  private started = 0;
  /** Those of the beginning: what they hold at the end is compared with what they held before. */
  private readonly first = new Set<ChildProcess>();

  constructor(
    private readonly entry: Omit<Entry, 'index'>,
    private readonly onRun: (task: number, tick: number) => void,
  ) {}

  get pids(): readonly number[] {
    return [...this.living].flatMap(({ pid }) => pid ?? []);
  }

  async start(isFirst = false): Promise<void> {
    const child = fork(SCRIPT, {
      execArgv: [...process.execArgv, '--expose-gc'],
      env: {
        ...process.env,
        NODE_NO_WARNINGS: '1',
        BENCH_ENTRY: JSON.stringify({ ...this.entry, index: this.started }),
      },
      serialization: 'advanced',
      stdio: ['ignore', process.stderr, 'inherit', 'ipc'],
    });
    killAtExit(child);
    this.started += 1;
    this.living.add(child);
    if (isFirst) this.first.add(child);
    child.once('exit', () => this.living.delete(child));
    await new Promise<void>((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`a process of the soak has ended with ${code}`)));
      child.on('message', (said: SoakSaid) => {
        if (said === 'ready') resolve();
        else if ('ran' in said) this.note(said.ran);
      });
    });
  }

  /** Kills the newest of those that were not there from the beginning, or else one that was, and starts another one. */
  async replaceOne(): Promise<void> {
    const others = [...this.living].filter((child) => !this.first.has(child));
    const victim = others.at(-1) ?? [...this.living].at(-1);
    if (victim === undefined) return;
    this.first.delete(victim);
    victim.kill('SIGKILL');
    await this.start();
  }

  /** What each of those that have been there from the beginning holds. */
  async look(): Promise<readonly Held[]> {
    return Promise.all([...this.first].map(lookAt));
  }

  async stop(): Promise<void> {
    const ends = [...this.living].map((child) => once(child, 'exit'));
    for (const child of this.living) child.kill('SIGKILL');
    await Promise.all(ends);
  }

  private note(ran: readonly number[]): void {
    for (let at = 0; at < ran.length; at += 2) this.onRun(ran[at] ?? 0, ran[at + 1] ?? 0);
  }
}

function lookAt(child: ChildProcess): Promise<Held> {
  return new Promise((resolve, reject) => {
    const giveUp = setTimeout(
      () => reject(new Error(`process ${child.pid} has not said what it holds`)),
      ANSWERS_WITHIN_MS,
    );
    const hear = (said: SoakSaid): void => {
      if (typeof said !== 'object' || !('held' in said)) return;
      clearTimeout(giveUp);
      child.off('message', hear);
      resolve(said.held);
    };
    child.on('message', hear).send('look');
  });
}
