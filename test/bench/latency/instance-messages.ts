/** What the processes of a fleet say, and how to wait for it. */

import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

/** What a process has seen between `measure` and `tell`. */
export interface Seen {
  /** Tasks that ran, in order, and when, epoch ms. */
  readonly tasks: readonly number[];
  readonly atMs: readonly number[];
  /** For which seconds, epoch ms, where handlers were told. */
  readonly ticks: readonly (number | undefined)[];
  readonly cpuMs: number;
  readonly wallMs: number;
  readonly rssBytes: number;
  /** Until its tasks were scheduled; the modules had been loaded before. */
  readonly bootMs: number;
  /** By how much the event loop was late, the 99th percentile; 0 where that was not watched, since it takes a timer of its own. */
  readonly loopDelayMs: number;
}

/** `ran` comes once, with the first start of a task, which may be before `ready` or after `tell`. */
export type Said = 'ready' | 'ran' | { readonly seen: Seen };

const READY_WITHIN_MS = 120_000;

/** @throws Error when the process ends before it is ready, or is not in two minutes */
export async function untilReady(child: ChildProcess): Promise<void> {
  const late = sleep(READY_WITHIN_MS, true, { ref: false });
  if (await Promise.race([hear(child, (said) => (said === 'ready' ? false : undefined)), late]))
    throw new Error(`a process of the fleet was not ready within ${READY_WITHIN_MS} ms`);
}

/** Resolves when one of them has started a task, and when all have ended, which those who wait for their answers are told. */
export async function untilOneRan(children: readonly ChildProcess[]): Promise<void> {
  const first = Promise.any(children.map((child) => hear(child, (said) => said === 'ran' || undefined)));
  await first.catch(() => undefined);
}

export async function askWhatWasSeen(child: ChildProcess): Promise<Seen> {
  const answer = hear(child, (said) => (typeof said === 'object' ? said.seen : undefined));
  child.send('tell');
  return answer;
}

/** The first answer that `pick` makes of a message. Rejects when the process has ended. */
function hear<Answer>(child: ChildProcess, pick: (said: Said) => Answer | undefined): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      child.off('message', listen);
      child.off('exit', fail);
    };
    const listen = (said: unknown): void => {
      const answer = pick(said as Said);
      if (answer === undefined) return;
      stop();
      resolve(answer);
    };
    const fail = (code: number | null): void => {
      stop();
      reject(new Error(`a process of the fleet has ended with ${code}`));
    };
    child.on('message', listen).on('exit', fail);
  });
}
