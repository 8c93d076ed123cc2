/** The sample app, three times on one Redis: each second runs once, also when the one that runs it is killed. */

import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { filesOfPage } from '../../support/page-files.js';
import { startRedis } from '../../support/redis-server.js';

const root = join(import.meta.dirname, '../../..');
const SAMPLE = 'apps/sample/src/main.ts';
const INSTANCES = 3;
/** Seconds that are looked at before the kill, and after it. */
const SECONDS = 3;
const TIMEOUT_MS = 120_000;

/** One line of a handler: which second ran, and in which process. */
interface Run {
  readonly tick: number;
  readonly pid: number;
}

class Fleet {
  readonly runs: Run[] = [];
  private readonly children: ChildProcess[] = [];
  private onRun = (): void => {};

  start(url: string): void {
    const child = spawn(process.execPath, ['--import', './scripts/typescript.mjs', SAMPLE], {
      cwd: root,
      env: { ...process.env, REDIS_URL: url, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      for (const [, second = '', pid] of text.matchAll(/second (\S+) runs on \S+-(\d+)-[0-9a-f]+/g))
        this.runs.push({ tick: Date.parse(second), pid: Number(pid) });
      this.onRun();
    });
    this.children.push(child);
  }

  /** Resolves when so many runs are known. */
  until(count: number): Promise<void> {
    return new Promise((resolve) => {
      this.onRun = () => {
        if (this.runs.length >= count) resolve();
      };
      this.onRun();
    });
  }

  /** The one whose handler ran last, as `kill -9` does it. */
  killLast(): number {
    const pid = this.runs.at(-1)?.pid ?? Number.NaN;
    this.children.find((child) => child.pid === pid)?.kill('SIGKILL');
    return pid;
  }

  stop(): void {
    for (const child of this.children) child.kill('SIGKILL');
  }
}

describe('apps/sample', () => {
  it('is the first task of the README', () => {
    expect(filesOfPage('../README.md').get('src/main.ts')).toBe(readFileSync(join(root, SAMPLE), 'utf8'));
  });

  it(
    'runs each second once in three processes, also when one is killed',
    async () => {
      const server = await startRedis();
      const fleet = new Fleet();
      onTestFinished(async () => {
        fleet.stop();
        await server.stop();
      });
      for (let index = 0; index < INSTANCES; index += 1) fleet.start(`redis://127.0.0.1:${server.port}`);
      await fleet.until(SECONDS);
      const killed = fleet.killLast();
      const before = fleet.runs.length;
      await fleet.until(before + SECONDS);
      const ticks = fleet.runs.map(({ tick }) => tick);
      expect(ticks).toEqual(ticks.map((_, index) => (ticks[0] ?? 0) + index * 1_000));
      expect(fleet.runs.slice(before).map(({ pid }) => pid)).not.toContain(killed);
    },
    TIMEOUT_MS,
  );
});
