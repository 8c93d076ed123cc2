import type { KeptValue } from './snapshot-store.js';

/** Of a text, as hex. */
export type Digest = (text: string) => string;

/**
 * What is kept of a value: the digest of its canonical JSON, and that JSON if it is short enough.
 *
 * A value that has no JSON is kept as nothing at all. It is no error: the effect that returned it has happened, and a job
 * must not be run again because its answer cannot be written down.
 */
export function keepValue(value: unknown, digest: Digest, mostChars: number): KeptValue {
  if (value === undefined) return {};
  const json = canonicalJson(value);
  if (json === undefined) return {};
  return { digest: digest(json), ...(json.length <= mostChars ? { json } : {}) };
}

/** The value of kept JSON; undefined where only the digest was kept. */
export function keptValueOf({ json }: KeptValue = {}): unknown {
  return json === undefined ? undefined : (JSON.parse(json) as unknown);
}

/** JSON whose keys are sorted, so that equal values have equal texts; undefined where the value has no JSON. */
export function canonicalJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value, (_, inner: unknown) => (isRecord(inner) ? sorted(inner) : inner));
  } catch {
    // A cycle, a bigint, or a `toJSON` that throws.
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sorted(record: Record<string, unknown>): Record<string, unknown> {
  // Without a prototype: a key `__proto__` is a key like any other.
  const copy = Object.create(null) as Record<string, unknown>;
  for (const key of Object.keys(record).sort()) copy[key] = record[key];
  return copy;
}
