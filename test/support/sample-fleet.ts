/** Processes of the sample app, and which of them ran which second, by what their handlers log. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface SecondRun {
  readonly tickMs: number;
  readonly pid: number;
}

export class SampleFleet {
  readonly runs: SecondRun[] = [];
  private readonly children: ChildProcess[] = [];
  private onRun = (): void => {};

  /** @param command as a person types it */
  start(command: string, cwd: string, env: Readonly<Record<string, string>> = {}): void {
    const child = spawn('bash', ['-c', command], {
      cwd,
      env: { ...process.env, ...env, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'inherit'],
      // A group of its own, so that it can be ended with what it has started.
      detached: true,
    });
    createInterface(child.stdout).on('line', (line) => {
      const [, second, pid] = /second (\S+) runs on \S+-(\d+)-[0-9a-f]+$/.exec(line) ?? [];
      if (second === undefined) return;
      this.runs.push({ tickMs: Date.parse(second), pid: Number(pid) });
      this.onRun();
    });
    this.children.push(child);
  }

  /** Resolves when so many more runs are known. */
  more(count: number): Promise<void> {
    const enough = this.runs.length + count;
    return new Promise((resolve) => {
      this.onRun = () => {
        if (this.runs.length >= enough) resolve();
      };
    });
  }

  /** `kill -9` of the process that ran last. Resolves with its id when all that it has said is known. */
  async killLast(): Promise<number> {
    const pid = this.runs.at(-1)?.pid ?? Number.NaN;
    const child = this.children.find((one) => one.pid === pid);
    if (child === undefined) throw new Error(`no child has the process id ${pid}`);
    const closed = once(child, 'close');
    process.kill(pid, 'SIGKILL');
    await closed;
    return pid;
  }

  stop(): void {
    for (const { pid, exitCode, signalCode } of this.children)
      if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, 'SIGKILL');
  }
}
