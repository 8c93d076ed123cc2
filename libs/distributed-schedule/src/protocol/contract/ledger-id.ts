/**
 * Which memory of which server answers. An address is no identity: DNS, a proxy or a Service may bring another server
 * behind it, and a server may forget. Every such change makes a new id.
 */

/**
 * `<counter>.<nonce>`. Ordered by the counter alone, within one position of the set: two ids with the same counter and
 * different nonces are neither newer than the other.
 */
export type LedgerId = string;

/** By position. */
export type LedgerIds = Readonly<Record<string, LedgerId>>;

/** 0 for a text that is no id. */
export function counterOf(id: LedgerId): number {
  const counter = Number(id.slice(0, Math.max(0, id.indexOf('.'))));
  return Number.isSafeInteger(counter) && counter > 0 ? counter : 0;
}

export function isNewerId(one: LedgerId, than: LedgerId): boolean {
  return counterOf(one) > counterOf(than);
}

/**
 * Whether an id must give way to what is known of its position: that one is newer, or of the same counter and another
 * memory. Of two equals neither may stand beside the other: whichever came second takes a higher counter.
 */
export function isOutrankedBy(id: LedgerId, known: LedgerId | undefined): boolean {
  return known !== undefined && known !== id && counterOf(known) >= counterOf(id);
}

/** Without a text of either: it is asked for every lock of every tick. */
export function areSameIds(one: LedgerIds, other: LedgerIds): boolean {
  const positions = Object.keys(one);
  if (positions.length !== Object.keys(other).length) return false;
  return positions.every((position) => one[position] === other[position]);
}

/** `<position> <id> <position> <id> …`, sorted by position. */
export function idsText(ids: LedgerIds): string {
  return Object.keys(ids)
    .sort()
    .map((position) => `${position} ${ids[position]}`)
    .join(' ');
}
