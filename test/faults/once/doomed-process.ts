/** A process that is doomed at a point of its attempt, as seen by whoever waits for that. */

import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { LinkRules } from '../../support/faults/link-rules.js';
import type { ProxyLink } from '../../support/faults/tcp-proxy.js';
import { killAtExit } from '../../support/leftovers.js';
import { compiled } from './compiled-program.js';
import { type CrashPoint, type Doom, type DoomedPlan, FIRST_TOKEN, type FromDoomed } from './doomed-plan.js';
import { newJobId } from './next-attempt.js';

const PROGRAM = fileURLToPath(new URL('./doomed-attempt.ts', import.meta.url));
const STOPPED_WITHIN_MS = 20_000;
const LOOK_EVERY_MS = 20;
const CUT: Record<'lost' | 'deaf', LinkRules> = {
  lost: { requests: { drop: true }, replies: { drop: true } },
  deaf: { replies: { drop: true } },
};

let compiledProgram: string | undefined;

export interface Doomed {
  readonly jobId: string;
  readonly child: ChildProcess;
}

function doomed(point: CrashPoint, url: string, doom: Doom): Doomed {
  compiledProgram ??= compiled(PROGRAM);
  const jobId = newJobId();
  const plan: DoomedPlan = { url, jobId, fencingToken: FIRST_TOKEN, point, doom };
  const child = fork(compiledProgram, [JSON.stringify(plan)]);
  killAtExit(child);
  return { jobId, child };
}

/** Lets a process die at that point of its attempt, and resolves to the job. */
export async function crashAt(point: CrashPoint, url: string): Promise<string> {
  const { jobId, child } = doomed(point, url, 'SIGKILL');
  let how = 'nothing';
  child.on('message', (message: FromDoomed) => {
    if (message.kind === 'ended') ({ how } = message);
  });
  const [code, signal] = await once(child, 'exit');
  if (signal !== 'SIGKILL')
    throw new Error(`did not die ${point}, but ended with ${signal ?? code} and told ${how}`);
  return jobId;
}

/** Lets a process stop there; it neither lives nor dies. */
export async function stopAt(point: CrashPoint, url: string): Promise<Doomed> {
  const stopped = doomed(point, url, 'SIGSTOP');
  const state = (): string =>
    execFileSync('ps', ['-o', 'state=', '-p', String(stopped.child.pid)]).toString();
  const deadlineMs = performance.now() + STOPPED_WITHIN_MS;
  while (!state().startsWith('T')) {
    if (performance.now() > deadlineMs) throw new Error(`did not stop ${point}`);
    await sleep(LOOK_EVERY_MS);
  }
  return stopped;
}

/** A process whose host cannot be reached any more. It goes on meanwhile, and knows nothing of what happens elsewhere. */
export interface CutOff {
  readonly jobId: string;
  /** Connects it again and resolves to how its attempt has ended. */
  heal(): Promise<string>;
}

/** Cuts a process off at that point. Its way to the server must be that link alone. */
export async function cutAt(point: CrashPoint, link: ProxyLink, doom: 'lost' | 'deaf'): Promise<CutOff> {
  const { jobId, child } = doomed(point, link.url, doom);
  const ended = new Promise<string>((resolve, reject) => {
    child.on('message', (message: FromDoomed) => {
      if (message.kind === 'ended') resolve(message.how);
    });
    child.once('exit', () => reject(new Error('the process has ended without a word')));
  });
  ended.catch(() => undefined);
  const atPoint = new Promise<void>((resolve) => {
    child.on('message', (message: FromDoomed) => {
      if (message.kind === 'at-point') resolve();
    });
  });
  await Promise.race([
    atPoint,
    ended.then((how) => Promise.reject(new Error(`ended before the point: ${how}`))),
  ]);
  await link.set(CUT[doom]);
  // Where only the way of a message is meant the process may have ended by now.
  if (child.connected) child.send('cut', () => undefined);
  return {
    jobId,
    heal: async () => {
      await link.set({});
      return ended;
    },
  };
}
