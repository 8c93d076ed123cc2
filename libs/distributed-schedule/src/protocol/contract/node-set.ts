/** Which nodes vote together, and whether two sets must meet: a record names the members, as a hash could not tell. */

import { quorumOf } from './quorum.js';

export interface NodeSet {
  /** Raised by one with every change of the set, or of the time to live of leases. Starts at 1. */
  readonly generation: number;
  /** Sorted words without whitespace, see {@link positionOf}. One store alone is `single`, whatever its address. */
  readonly positions: readonly string[];
  /** A node that forgot grants no lock for this time. All instances must use the same value, or one bids into another's lease. */
  readonly leaseTtlMs: number;
}

/** A set as it stands on record at a node. */
export interface SetStamp {
  readonly set: NodeSet;
  /** Node time since when it stands there. */
  readonly sinceMs: number;
  /** The application that wrote it. */
  readonly app: string;
}

/** A single store has one fixed position: otherwise a renamed host would fence every instance. */
export const SINGLE_POSITION = 'single';

/** The name of a place in the set. */
export function positionOf(address: string): string {
  return encodeURIComponent(address);
}

/** @param addresses one per node, distinct; their order does not matter */
export function nodeSetOf(addresses: readonly string[], generation: number, leaseTtlMs: number): NodeSet {
  const positions = addresses.length === 1 ? [SINGLE_POSITION] : addresses.map(positionOf).sort();
  return { generation, positions, leaseTtlMs };
}

/** Made once for each set: it stands in every message, and sets are compared by it. */
const TEXTS = new WeakMap<NodeSet, string>();

/** `<generation> <leaseTtlMs> <position> <position> …`: equal text = same set. */
export function setText(set: NodeSet): string {
  const { generation, leaseTtlMs, positions } = set;
  const text = TEXTS.get(set) ?? [generation, leaseTtlMs, ...positions].join(' ');
  TEXTS.set(set, text);
  return text;
}

export function parseSet(text: string): NodeSet | undefined {
  const [generationText, ttlText, ...positions] = text.split(' ');
  const [generation, leaseTtlMs] = [Number(generationText), Number(ttlText)];
  const isSet = isCount(generation) && isCount(leaseTtlMs) && positions.length > 0 && !positions.includes('');
  return isSet ? { generation, positions, leaseTtlMs } : undefined;
}

/** Keeps other sets away, and lets nobody vote: with only some nodes stamped, a rival could still find an empty one. */
export function isProvisional({ sinceMs }: Pick<SetStamp, 'sinceMs'>): boolean {
  return sinceMs === PROVISIONAL_MS;
}

export const PROVISIONAL_MS = 0;

/** `<sinceMs> <encoded app> <setText>`. Compared as a whole where a stamp replaces another. */
export function stampText({ set, sinceMs, app }: SetStamp): string {
  return `${sinceMs} ${encodeURIComponent(app)} ${setText(set)}`;
}

export function parseStamp(text: string): SetStamp | undefined {
  const [since = '', app = '', ...rest] = text.split(' ');
  const set = parseSet(rest.join(' '));
  const sinceMs = Number(since);
  if (set === undefined || since === '' || !Number.isSafeInteger(sinceMs)) return undefined;
  return { set, sinceMs, app: decoded(app) };
}

/** Every two majorities share a node, and judge locks by one lease.ttlMs: then both sets cannot win the same tick. */
export function mustMeet(one: NodeSet, other: NodeSet): boolean {
  return one.leaseTtlMs === other.leaseTtlMs && majoritiesMeet(one, other);
}

/** The same without regard to locks. */
export function majoritiesMeet(one: NodeSet, other: NodeSet): boolean {
  const union = new Set([...one.positions, ...other.positions]);
  return quorumOf(one.positions.length) + quorumOf(other.positions.length) > union.size;
}

/**
 * Notes of other nodes that a new id needs before it votes. N odd: f + 1 of the other 2f, so that one of the f others that
 * the old memory needs refuses it. With f both win: N = 3, 2' noted by 3 alone, {1, 2} and {2', 3}. N even (a step of a
 * change): all others, for the majorities of N - 1 and N + 1; but not of two nodes becoming three, the third unasked.
 */
export function notesNeeded({ positions }: NodeSet): number {
  const nodes = positions.length;
  if (nodes === 1) return 0;
  return nodes % 2 === 0 ? nodes - 1 : (nodes + 1) / 2;
}

/** Notes that are enough after `identityWaitMs`: one majority knows the new id. Others may not, and ticks can then double. */
export function notesForced({ positions }: NodeSet): number {
  return quorumOf(positions.length) - 1;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0;
}

/** A name that another program wrote may be no encoding of anything. */
function decoded(word: string): string {
  try {
    return decodeURIComponent(word);
  } catch {
    return word;
  }
}
