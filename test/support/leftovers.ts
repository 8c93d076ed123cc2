/** Nothing that a test makes outlives its process, however that one ends (short of SIGKILL): one hook for all of it. */

import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const children = new Set<ChildProcess>();
const folders = new Set<string>();
/** The least exit code of a process that a signal has ended. */
const SIGNALLED = 128;
let isHooked = false;

/** A new folder for temporary files, gone when the process ends or at {@link removeFolder}. */
export function temporaryFolder(prefix: string): string {
  hook();
  const path = mkdtempSync(join(tmpdir(), `${prefix}-`));
  folders.add(path);
  return path;
}

export function removeFolder(path: string): void {
  rmSync(path, { recursive: true, force: true });
  folders.delete(path);
}

export function killAtExit(child: ChildProcess): void {
  hook();
  children.add(child);
  child.once('exit', () => children.delete(child));
  child.once('error', () => children.delete(child));
}

function hook(): void {
  if (isHooked) return;
  isHooked = true;
  process.once('exit', removeAll);
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.once(signal, () => {
      // By hand, since vitest forbids `process.exit`: disks and networks of a test are removed at the exit as well.
      process.emit('exit', SIGNALLED);
      process.kill(process.pid, signal);
    });
  }
}

/** Processes first: they could still write into the folders. */
function removeAll(): void {
  for (const child of children) child.kill('SIGKILL');
  for (const path of folders) {
    try {
      rmSync(path, { recursive: true, force: true, maxRetries: 2 });
    } catch {
      // The others are to go all the same.
    }
  }
}
