/** What was thrown, and what it says that caused it. Anything can be thrown, also what throws when it is looked at. */

/** An error may be wrapped so often, as by a layer of the application over an ORM over the driver. */
const MAX_CAUSES = 8;

/** Whether it holds for what was thrown, or for one of its causes. Never throws. */
export function someCause(thrown: unknown, holds: (error: object) => boolean): boolean {
  try {
    let error = thrown;
    for (let depth = 0; depth < MAX_CAUSES && typeof error === 'object' && error !== null; depth += 1) {
      if (holds(error)) return true;
      error = (error as { readonly cause?: unknown }).cause;
    }
  } catch {
    // It cannot be looked at.
  }
  return false;
}
