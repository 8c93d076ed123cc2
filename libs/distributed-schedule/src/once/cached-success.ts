import type { KeptValue, Snapshot } from './snapshot-store.js';

/** A cache that others can write to may hold half an entry: neither an answer nor an error, as the store has the whole. */
export function cachedSuccess(entry: unknown, jobId: string): Snapshot | undefined {
  if (typeof entry !== 'object' || entry === null) return undefined;
  const snapshot = entry as Partial<Record<keyof Snapshot, unknown>>;
  const isWhole =
    snapshot.status === 'success' &&
    snapshot.jobId === jobId &&
    NUMBERS.every((name) => Number.isSafeInteger(snapshot[name])) &&
    (snapshot.fencingToken === undefined || Number.isSafeInteger(snapshot.fencingToken)) &&
    isKept(snapshot.input) &&
    isKept(snapshot.output);
  return isWhole ? (entry as Snapshot) : undefined;
}

const NUMBERS = ['attempt', 'begunAtUs', 'updatedAtUs'] as const;

function isKept(value: unknown): boolean {
  if (value === undefined) return true;
  if (typeof value !== 'object' || value === null) return false;
  const { digest, json } = value as Partial<Record<keyof KeptValue, unknown>>;
  return (digest === undefined || typeof digest === 'string') && (json === undefined || isJson(json));
}

function isJson(text: unknown): boolean {
  if (typeof text !== 'string') return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
