/** Another app may use the same task names, so each app keeps its records behind `in:<room>:` and sees no other room. */

import type { Board } from './board.js';
import { roomPrefix } from './board-keys.js';
import type { BoardListener } from './board-listeners.js';
import type { BoardVerdict } from './board-put.js';
import type { BoardEntry } from './board-record.js';

/** A board as those who keep records see it. */
export type BoardView = Pick<
  Board,
  | 'isCurrent'
  | 'isStopped'
  | 'whenCurrent'
  | 'nowMs'
  | 'get'
  | 'list'
  | 'entry'
  | 'watch'
  | 'put'
  | 'delete'
  | 'post'
  | 'flush'
>;

export class BoardRoom implements BoardView {
  private readonly prefix: string;

  /** @param room without colons; short, since a key has an end */
  constructor(
    private readonly board: BoardView,
    room: string,
  ) {
    this.prefix = roomPrefix(room);
  }

  get isCurrent(): boolean {
    return this.board.isCurrent;
  }

  get isStopped(): boolean {
    return this.board.isStopped;
  }

  get whenCurrent(): Promise<void> {
    return this.board.whenCurrent;
  }

  nowMs(): number {
    return this.board.nowMs();
  }

  get(key: string): string | undefined {
    return this.board.get(`${this.prefix}${key}`);
  }

  list(prefix: string): readonly BoardEntry[] {
    return this.board.list(`${this.prefix}${prefix}`).map((entry) => this.inRoom(entry));
  }

  entry(key: string): BoardEntry | undefined {
    const entry = this.board.entry(`${this.prefix}${key}`);
    return entry === undefined ? undefined : this.inRoom(entry);
  }

  /** Told the keys of this room only, without its prefix. */
  watch(listener: BoardListener): () => void {
    return this.board.watch((keys) => {
      const own = [...keys].filter((key) => key.startsWith(this.prefix));
      if (own.length > 0) listener(new Set(own.map((key) => key.slice(this.prefix.length))));
    });
  }

  put(key: string, value: string, ttlMs?: number): Promise<BoardVerdict> {
    return this.board.put(`${this.prefix}${key}`, value, ttlMs);
  }

  delete(key: string): Promise<BoardVerdict> {
    return this.board.delete(`${this.prefix}${key}`);
  }

  post(key: string, value: string, ttlMs?: number): void {
    this.board.post(`${this.prefix}${key}`, value, ttlMs);
  }

  flush(): void {
    this.board.flush();
  }
  private inRoom(entry: BoardEntry): BoardEntry {
    return { ...entry, key: entry.key.slice(this.prefix.length) };
  }
}
