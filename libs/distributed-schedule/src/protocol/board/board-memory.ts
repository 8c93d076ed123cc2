/** `<incarnation>:<why it began>:<when>`: with another memory of a node, an instance reads from the start and says why. */

/**
 * Why a memory of a node has begun.
 *
 * - `new`      nothing stood there
 * - `restart`  the server has come back with what it had kept
 * - `evicted`  one of the keys was missing, so what was left could not be trusted
 * - `away`     an instance has thrown away what a node kept that was away for too long
 */
export type MemoryCause = 'new' | 'restart' | 'evicted' | 'away';

/** What a node has lost beside its incarnation. `emptied`: all of it, and the server went on. */
export type BoardLoss = 'evicted' | 'away' | 'emptied';

/** What was lost between two memories of one node; undefined where its server has restarted, which is told elsewhere. */
export function lossBetween(before: string, after: string): BoardLoss | undefined {
  const [one, other] = [partsOf(before), partsOf(after)];
  if (before === '' || before === after) return undefined;
  if (other.cause === 'evicted' || other.cause === 'away') return other.cause;
  return other.cause === 'new' && one.incarnation === other.incarnation ? 'emptied' : undefined;
}

function partsOf(memory: string): { readonly incarnation: string; readonly cause: string | undefined } {
  const words = memory.split(':');
  return { incarnation: words.slice(0, -2).join(':'), cause: words.at(-2) };
}
