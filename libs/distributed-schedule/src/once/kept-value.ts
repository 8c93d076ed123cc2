import type { KeptValue } from './snapshot-store.js';

/** Of a text, as hex. */
export type Digest = (text: string) => string;

/** A value without JSON is kept as nothing, and is no error: its effect has happened, and must not be run again for it. */
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
