import type { ChildProcess } from 'node:child_process';

/** Also true of a process that could not be started. */
export function hasExited(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

/** Resolves when the process has ended; at once when it has, or when there is none. */
export function whenExited(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || hasExited(child)) return Promise.resolve();
  return new Promise((resolve) => child.once('exit', () => resolve()));
}
