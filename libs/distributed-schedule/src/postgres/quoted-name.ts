import { DistributedScheduleError } from '../protocol/contract/errors.js';

/** PostgreSQL cuts longer names off, and two long ones could become one. */
const MAX_BYTES = 63;

/**
 * A name as it stands in SQL, whatever is in it. `['billing', 'account']` is a table with its schema.
 * @throws DistributedScheduleError DSCHED_BAD_OPTION when it cannot be a name
 */
export function quotedName(option: string, name: string | readonly string[]): string {
  const parts: readonly unknown[] = typeof name === 'string' ? [name] : Array.isArray(name) ? name : [name];
  if (parts.length === 0 || !parts.every(isName)) {
    throw new DistributedScheduleError(
      'DSCHED_BAD_OPTION',
      `option ${option} is no name; it takes 1 to ${MAX_BYTES} bytes without NUL, or a list of schema and name`,
      { value: option },
    );
  }
  return parts.map((part) => `"${part.replaceAll('"', '""')}"`).join('.');
}

function isName(part: unknown): part is string {
  return (
    typeof part === 'string' && part !== '' && !part.includes('\0') && Buffer.byteLength(part) <= MAX_BYTES
  );
}
