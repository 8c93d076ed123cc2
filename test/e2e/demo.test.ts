import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';

const DEMO = join(import.meta.dirname, '..', '..', 'scripts', 'demo.mjs');
const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

interface Demo {
  readonly child: ChildProcess;
  readonly folder: string;
  output(): string;
}

function startDemo(): Demo {
  const folder = mkdtempSync(join(tmpdir(), 'demo-'));
  folders.push(folder);
  const child = spawn(process.execPath, [DEMO], { env: { ...process.env, DEMO_FOLDER: folder } });
  const chunks: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => chunks.push(String(chunk)));
  return { child, folder, output: () => chunks.join('') };
}

/** By their logs: replicas that are still alive, and masters that still listen. */
async function survivors(folder: string): Promise<string[]> {
  const logs = readdirSync(folder).filter((file) => file.endsWith('.log'));
  const pids = logs.flatMap((log) => {
    const text = readFileSync(join(folder, log), 'utf8');
    return [...new Set([...text.matchAll(/^\[Nest\] (\d+)/gm)].map(([, pid]) => Number(pid)))];
  });
  const ports = logs.flatMap((log) => /^redis-(\d+)\.log$/.exec(log)?.[1] ?? []).map(Number);
  expect(pids.length).toBeGreaterThanOrEqual(3);
  expect(ports).toHaveLength(3);
  const listening = await Promise.all(ports.map(listens));
  return [
    ...pids.filter(isAlive).map((pid) => `replica ${pid}`),
    ...ports.filter((_, index) => listening[index]).map((port) => `redis ${port}`),
  ];
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

describe('npm run demo', () => {
  it('survives its faults, proves it, and leaves no process behind', async () => {
    const demo = startDemo();
    const [code] = (await once(demo.child, 'exit')) as [number | null];
    const output = demo.output();
    expect(output).toContain('kill -9 of replica');
    expect(output).toMatch(/Redis \d+ starts again with nothing in it/);
    expect(output).toMatch(/ticks due +90\n/);
    expect(output).toMatch(/duplicates +0\n/);
    expect(output.trimEnd().split('\n').at(-1)).toMatch(/No tick ran twice, and (none|each)/);
    // Without a terminal there is nothing to redraw: no escape sequences.
    expect(output).not.toContain('\u001b');
    expect(code, output).toBe(0);
    expect(await survivors(demo.folder)).toEqual([]);
  });

  it('takes everything down with it when it is interrupted', async () => {
    const demo = startDemo();
    while (!demo.output().includes('success')) await once(demo.child.stdout ?? demo.child, 'data');
    demo.child.kill('SIGINT');
    const [code] = (await once(demo.child, 'exit')) as [number | null];
    expect(code).toBe(130);
    expect(await survivors(demo.folder)).toEqual([]);
  });
});
