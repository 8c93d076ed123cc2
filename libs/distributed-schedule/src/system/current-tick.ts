import { AsyncLocalStorage } from 'node:async_hooks';
import { setMaxListeners } from 'node:events';
import { DistributedScheduleError } from '../protocol/contract/errors.js';
import type { TickContext } from '../protocol/contract/tick-context.js';

const storage = new AsyncLocalStorage<TickContext>();

/**
 * The context of the run in which this is called, however deep: a repository can compare the fencing token.
 * @throws DistributedScheduleError DSCHED_NO_CURRENT_TICK outside a run
 */
export function currentTick(): TickContext {
  const context = storage.getStore();
  if (context === undefined) {
    throw new DistributedScheduleError(
      'DSCHED_NO_CURRENT_TICK',
      'currentTick() works only inside the run of an exclusive method. Where both happen, use tryCurrentTick().',
    );
  }
  return context;
}

/** Like {@link currentTick}, but undefined outside a run. */
export function tryCurrentTick(): TickContext | undefined {
  return storage.getStore();
}

/** A run may hand its signal to any number of calls: Node would warn of a leak from the eleventh listener on. */
export function newTickController(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}

export function runInTick<T>(context: TickContext, run: () => T): T {
  return storage.run(context, run);
}
