/** What this instance is about to run or runs, by its locks: a handler that closes its own app would wait for itself. */

import type { HeldLock, LockProvider } from '../protocol/contract/ports.js';
import type { TickContext } from '../protocol/contract/tick-context.js';
import { tryCurrentTick } from './current-tick.js';

export class OpenRuns {
  private readonly handlers = new Set<TickContext>();
  /** Of the handlers, those that wait for the end of the app. */
  private readonly closers = new Set<TickContext>();
  /** By task and value: what is released may come with more than what was acquired. */
  private readonly held = new Set<string>();
  private asked = 0;
  private onChange: () => void = () => undefined;

  async during(context: TickContext, run: () => unknown): Promise<unknown> {
    this.handlers.add(context);
    try {
      return await run();
    } finally {
      this.handlers.delete(context);
      this.closers.delete(context);
      this.onChange();
    }
  }

  /** Whether this is called from a handler of this app that has not returned yet, however deep. */
  get isInHandler(): boolean {
    const tick = tryCurrentTick();
    return tick !== undefined && this.handlers.has(tick);
  }

  /** Handlers that have not returned, without those that wait for the end of the app, and the one that asks. */
  othersGoingOn(): readonly TickContext[] {
    const own = tryCurrentTick();
    return [...this.handlers].filter((one) => one !== own && !this.closers.has(one));
  }

  /** Resolves when nothing runs, or is about to, but handlers that wait for this. To be called when no more bids begin. */
  async othersEnded(isGivenUp: (run: TickContext) => boolean = () => false): Promise<void> {
    const tick = tryCurrentTick();
    if (tick !== undefined && this.handlers.has(tick)) this.closers.add(tick);
    await new Promise<void>((resolve) => {
      this.onChange = () => {
        // A handler that returns has its lock for a moment longer, and is no closer any more.
        // One that was given up has none.
        const holders = [...this.closers].filter((run) => !isGivenUp(run));
        if (this.asked === 0 && this.held.size <= holders.length) resolve();
      };
      this.onChange();
    });
  }

  counted(locks: LockProvider): LockProvider {
    return {
      tryAcquire: async (tasks, ttlMs, carried) => {
        this.asked += 1;
        try {
          const verdicts = await locks.tryAcquire(tasks, ttlMs, carried);
          for (const verdict of verdicts) if (verdict.kind === 'acquired') this.held.add(keyOf(verdict.lock));
          return verdicts;
        } finally {
          this.asked -= 1;
          this.onChange();
        }
      },
      ...(locks.keepEnds !== undefined && {
        keepEnds: (ended) => locks.keepEnds?.(ended) ?? Promise.resolve(),
      }),
      extend: (given, ttlMs) => locks.extend(given, ttlMs),
      release: async (given) => {
        try {
          await locks.release(given);
        } finally {
          for (const lock of given) this.held.delete(keyOf(lock));
          this.onChange();
        }
      },
    };
  }
}

function keyOf({ task, value }: HeldLock): string {
  return `${task} ${value}`;
}
