import type { TickContext } from '../protocol/contract/tick-context.js';
import { runInTick as runWithContext } from '../system/current-tick.js';

/**
 * Runs `run` as if it were called by a handler: `currentTick()` inside it, and in whatever it awaits, is `context`.
 *
 * ```ts
 * await runInTick(createTickContext({ task: 'settle' }), () => repository.save(order));
 * ```
 *
 * @returns what `run` returns
 */
export function runInTick<T>(context: TickContext, run: () => T): T {
  return runWithContext(context, run);
}
