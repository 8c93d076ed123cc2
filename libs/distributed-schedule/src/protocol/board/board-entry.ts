/** What stands under a key of the board, for those who read it. */

import type { BoardRecord } from './board-record.js';

export interface BoardEntry {
  readonly key: string;
  /** JSON text. */
  readonly value: string;
  /** When it was written, epoch ms of cluster time. */
  readonly writtenMs: number;
  /** When it goes by itself, epoch ms of cluster time; undefined: it stays. */
  readonly expiresAtMs: number | undefined;
}

export function entryOf({ key, value, stamp, expiresAtMs }: BoardRecord): BoardEntry {
  return { key, value, writtenMs: stamp.ms, expiresAtMs };
}
