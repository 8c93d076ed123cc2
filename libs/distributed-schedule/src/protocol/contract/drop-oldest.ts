/** What is remembered by key needs a bound, or it grows for ever. */
export function dropOldest<K>(kept: Map<K, unknown>, most: number): void {
  for (const oldest of kept.keys()) {
    if (kept.size <= most) return;
    kept.delete(oldest);
  }
}
