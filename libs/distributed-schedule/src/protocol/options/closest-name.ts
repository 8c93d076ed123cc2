/** What a misspelt name was meant to be. */

/** Beyond this many typing errors a suggestion would be a guess. */
const MAX_TYPING_ERRORS = 3;

/** Names compared at most: a program may have added thousands of tasks, and this only makes a message better. */
const MAX_COMPARED = 2_000;

/** Such as ` Did you mean 'settle'?`, or nothing where no name is near. */
export function didYouMean(name: unknown, known: Iterable<string>): string {
  if (typeof name !== 'string' || name.length > 200) return '';
  const meant = closest(name, [...known].slice(0, MAX_COMPARED));
  return meant === undefined ? '' : ` Did you mean '${meant}'?`;
}

/** @param errorsTo how far a known name is from the given one */
export function closest(
  name: string,
  known: readonly string[],
  errorsTo: (other: string) => number = (other) => typingErrors(name, other),
): string | undefined {
  const bearable = Math.min(MAX_TYPING_ERRORS, Math.floor(name.length / 2));
  let best: { readonly other: string; readonly errors: number } | undefined;
  for (const other of known) {
    const errors = errorsTo(other);
    if (errors <= bearable && (best === undefined || errors < best.errors)) best = { other, errors };
  }
  return best?.other;
}

/** Levenshtein distance, whatever the case. */
export function typingErrors(one: string, other: string): number {
  const a = one.toLowerCase();
  const b = other.toLowerCase();
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
