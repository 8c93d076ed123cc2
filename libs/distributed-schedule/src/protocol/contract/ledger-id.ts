/** Which memory of which server answers. A name may lead elsewhere, and a server may forget: each makes a new id. */

/** `<counter>.<nonce>`. Within a position ordered by counter; of two with the same counter neither is newer. */
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

/** A known id is newer, or has the same counter: of two equals, whichever came second must take a higher one. */
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
