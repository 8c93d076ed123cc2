/** The definition sets of all apps and versions of a namespace, as they stand on the board. Read once per change. */

import { ALIVE, roomPrefix, SET, TASK, versionOfSet } from '../protocol/board/board-keys.js';
import type { BoardView } from '../protocol/board/board-room.js';
import { type ClaimedName, roomOf } from './app-claims.js';
import { type RuntimeTaskRecord, recordsOn } from './control-records.js';
import type { TaskDefinition } from './definition-set.js';

/** A task of a set, and since when its app has had one of that name, over all its versions. */
export type TaskInSet = TaskDefinition & { readonly sinceMs: number };

export interface SetView {
  readonly id: string;
  readonly app: string;
  /** Now: it ends without a change on the board. */
  readonly isAlive: boolean;
  readonly firstSeenMs: number;
  readonly tasks: ReadonlyMap<string, TaskInSet>;
}

type StoredSet = Omit<SetView, 'isAlive'>;

export interface SetRecord {
  readonly app: string;
  readonly firstSeenMs: number;
  readonly tasks: Readonly<Record<string, TaskInSet>>;
}

export class SetsOnBoard {
  private known: ReadonlyMap<string, StoredSet> | undefined;

  constructor(private readonly board: BoardView) {
    board.watch((keys) => {
      if ([...keys].some((key) => key.startsWith(SET))) this.known = undefined;
    });
  }

  all(): readonly SetView[] {
    return [...this.read().values()].map((set) => ({
      ...set,
      isAlive: this.board.get(`${ALIVE}${set.id}`) !== undefined,
    }));
  }

  /** Whether a version of an app runs a task of its code; undefined where that set has not been heard of. */
  runs(id: string, task: string): boolean | undefined {
    const set = this.read().get(id);
    if (set === undefined) return undefined;
    const definition = set.tasks.get(task);
    return definition !== undefined && definition.isOff !== true;
  }

  /** Since when an app has had a task of that name in its code, by all its versions that are remembered. */
  sinceMsOf(app: string, task: string): number | undefined {
    const known = this.all().flatMap((set) => {
      const { isOff, sinceMs } = (set.app === app ? set.tasks.get(task) : undefined) ?? {};
      return isOff !== true && typeof sinceMs === 'number' ? [sinceMs] : [];
    });
    return known.length === 0 ? undefined : Math.min(...known);
  }

  /** The names that other apps have which live: of the tasks of their code, and of those that they have added. */
  claimsOfOthers(own: string): readonly ClaimedName[] {
    const others = this.all().filter(({ app, isAlive }) => isAlive && app !== own);
    const inCode = others.flatMap(({ app, tasks }) =>
      [...tasks].flatMap(([task, { isOff, sinceMs }]) => (isOff ? [] : [{ task, app, sinceMs }])),
    );
    const added = [...new Set(others.map(({ app }) => app))].flatMap((app) => this.addedBy(app));
    return [...inCode, ...added];
  }

  private addedBy(app: string): readonly ClaimedName[] {
    const records = recordsOn<RuntimeTaskRecord>(this.board, `${roomPrefix(roomOf(app))}${TASK}`);
    return [...records].map(([task, { sinceMs }]) => ({ task, app, sinceMs }));
  }

  private read(): ReadonlyMap<string, StoredSet> {
    this.known ??= this.readAll();
    return this.known;
  }

  private readAll(): ReadonlyMap<string, StoredSet> {
    const sets = new Map<string, StoredSet>();
    for (const [place, { app, firstSeenMs, tasks }] of recordsOn<SetRecord>(this.board, SET)) {
      // Another release of this library may write otherwise.
      if (typeof app !== 'string' || typeof firstSeenMs !== 'number' || !isObject(tasks)) continue;
      const id = versionOfSet(place);
      const before = sets.get(id)?.tasks ?? [];
      sets.set(id, { id, app, firstSeenMs, tasks: new Map([...before, ...Object.entries(tasks)]) });
    }
    return sets;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
