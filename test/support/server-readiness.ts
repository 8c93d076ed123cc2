/** When a process of redis-server has come up, by its own words. */

import type { ChildProcess } from 'node:child_process';
import { connect } from 'node:net';

const READY_WITHIN_MS = 10_000;
const POLL_EVERY_MS = 5;
/** What a wrapper such as nsenter ends with when it finds no program. */
const NOT_FOUND_EXIT_CODE = 127;

/** The process has ended before it answered, most likely because its port was taken. */
export class EndedEarly extends Error {}

export interface Address {
  readonly host: string;
  readonly port: number;
  readonly password: string | undefined;
}

/** Polls until the process itself answers: another server on the same port must not be taken for it. */
export async function untilReady(child: ChildProcess, address: Address): Promise<void> {
  const deadlineMs = performance.now() + READY_WITHIN_MS;
  for (;;) {
    if (hasEnded(child)) throw endedEarly(child, address.port);
    const info = await infoServer(address);
    if (info.includes(`process_id:${child.pid}\r\n`) && !info.includes('-LOADING')) return;
    if (performance.now() > deadlineMs) {
      child.kill('SIGKILL');
      throw new Error(
        `${child.spawnfile} did not answer on port ${address.port} within ${READY_WITHIN_MS} ms`,
      );
    }
    await pause();
  }
}

export function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
}

/** Polls until `isMet` says so. */
export async function until(what: string, isMet: () => Promise<boolean>, withinMs: number): Promise<void> {
  const deadlineMs = performance.now() + withinMs;
  while (!(await isMet())) {
    if (performance.now() > deadlineMs) throw new Error(`${what}: not within ${withinMs} ms`);
    await pause();
  }
}

function endedEarly(child: ChildProcess, port: number): Error {
  if (child.exitCode === NOT_FOUND_EXIT_CODE) return new Error(`not found: ${child.spawnargs.join(' ')}`);
  return new EndedEarly(`${child.spawnfile} ended before it answered on port ${port}`);
}

/** What the server says to AUTH, INFO and a read (which fails while it loads), or '' when nobody is there. */
function infoServer({ host, port, password }: Address): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    let text = '';
    const end = (): void => {
      socket.destroy();
      resolve(text);
    };
    socket.setTimeout(1_000, end);
    socket.on('error', end);
    socket.on('close', end);
    socket.on('data', (chunk) => {
      text += chunk.toString();
    });
    socket.on('connect', () => {
      const login = password === undefined ? '' : `AUTH ${password}\r\n`;
      socket.write(`${login}INFO server\r\nEXISTS x\r\nQUIT\r\n`);
    });
  });
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, POLL_EVERY_MS));
}
