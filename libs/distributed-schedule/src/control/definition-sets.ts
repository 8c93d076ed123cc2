/**
 * Which version of this app says when a task is due. In a rolling deploy each version shows its definitions on the board, and whether
 * an instance of it lives. The living version that was seen for the first time last counts: not the one that started last, or an old
 * one that crashes and restarts would become the newest. Sets of another app only say which names it has, see app-claims.ts.
 */

import { ALIVE, ALIVE_TTL_MS, SET, SET_TTL_MS, setKey } from '../protocol/board/board-keys.js';
import type { BoardView } from '../protocol/board/board-room.js';
import { sha256Hex } from '../tasks/sha256.js';
import { type AppClaim, firstOf } from './app-claims.js';
import type { DefinitionSet, TaskDefinition } from './definition-set.js';
import type { SetRecord, SetsOnBoard, SetView, TaskInSet } from './sets-on-board.js';

const TASKS_PER_RECORD = 50;

/** While a version runs, its records are renewed after this. */
const SET_RENEWAL_MS = 86_400_000;

const ALIVE_RENEWAL_MS = 3_000;

/** The definition of a task that counts now. */
export interface CurrentDefinition extends TaskDefinition {
  readonly isOwn: boolean;
  readonly firstSeenMs: number;
}

export class DefinitionSets {
  /** Names this version of this app among all sets. */
  readonly id: string;
  private readonly joinedMs: number;

  constructor(
    private readonly board: BoardView,
    readonly app: string,
    readonly own: DefinitionSet,
    private readonly sets: SetsOnBoard,
  ) {
    const lines = [...own].map(
      ([name, { fingerprint, isOff }]) => `${name} ${fingerprint}${isOff ? ' off' : ''}`,
    );
    this.id = sha256Hex([app, ...lines.sort()].join('\n')).slice(0, 16);
    this.joinedMs = board.nowMs();
  }

  /** Shows this version and that it lives. To be called every second or so, once the board has been read. */
  keepAlive(): void {
    let isNews = false;
    const nowMs = this.board.nowMs();
    const written = new Map(
      this.board.list(`${SET}${this.id}:`).map(({ key, writtenMs }) => [key, writtenMs]),
    );
    const firstSeenMs = this.ownView?.firstSeenMs ?? Math.floor(nowMs);
    const names = [...this.own.keys()];
    // One part at least: an app without tasks in its code may add some.
    for (let part = 0; part === 0 || part * TASKS_PER_RECORD < names.length; part += 1) {
      const key = setKey(this.id, part);
      if ((written.get(key) ?? 0) > nowMs - SET_RENEWAL_MS) continue;
      const inPart = names.slice(part * TASKS_PER_RECORD, (part + 1) * TASKS_PER_RECORD);
      this.board.post(key, JSON.stringify(this.recordOf(firstSeenMs, inPart)), SET_TTL_MS);
      isNews = true;
    }
    const [alive] = this.board.list(`${ALIVE}${this.id}`);
    if (alive === undefined || alive.writtenMs < nowMs - ALIVE_RENEWAL_MS) {
      this.board.post(`${ALIVE}${this.id}`, '{}', ALIVE_TTL_MS);
      isNews ||= alive === undefined;
    }
    if (isNews) this.board.flush();
  }

  /** Changes whenever another version, or another app, counts. */
  signature(): string {
    const alive = this.board.list(ALIVE);
    return alive.map(({ key }) => key).join();
  }

  /** The newest live version that runs a task; one that switched it off does not count. Contains at least those of this instance. */
  current(): ReadonlyMap<string, CurrentDefinition> {
    const current = new Map<string, CurrentDefinition & { readonly id: string }>();
    const ownSeenMs = this.ownView?.firstSeenMs ?? this.joinedMs;
    for (const [name, task] of this.own) {
      current.set(name, { ...task, isOwn: true, firstSeenMs: ownSeenMs, id: this.id });
    }
    for (const { id, app, isAlive, firstSeenMs, tasks } of this.sets.all()) {
      if (id === this.id || app !== this.app || !isAlive) continue;
      for (const [name, task] of tasks) {
        if (task.isOff) continue;
        const rival = current.get(name);
        const isNewer =
          rival === undefined ||
          firstSeenMs > rival.firstSeenMs ||
          (firstSeenMs === rival.firstSeenMs && id > rival.id);
        if (isNewer) current.set(name, { ...task, isOwn: false, firstSeenMs, id });
      }
    }
    return current;
  }

  /** The claim of this app on the name of a task in its code. Behind every other one until it stands on the board. */
  claimOf(task: string): AppClaim {
    const sinceMs = this.sets.sinceMsOf(this.app, task) ?? Number.POSITIVE_INFINITY;
    return { app: this.app, sinceMs };
  }

  rivalOf(name: string): AppClaim | undefined {
    return this.rivals().get(name);
  }

  /** By task name, which other app that lives has it, and had it first among them. */
  rivals(): ReadonlyMap<string, AppClaim> {
    return firstOf(this.sets.claimsOfOthers(this.app));
  }

  private recordOf(firstSeenMs: number, names: readonly string[]): SetRecord {
    const tasks = names.flatMap((name): [string, TaskInSet][] => {
      const definition = this.own.get(name);
      const sinceMs = this.sets.sinceMsOf(this.app, name) ?? firstSeenMs;
      return definition === undefined ? [] : [[name, { ...definition, sinceMs }]];
    });
    return { app: this.app, firstSeenMs, tasks: Object.fromEntries(tasks) };
  }

  private get ownView(): SetView | undefined {
    return this.sets.all().find(({ id }) => id === this.id);
  }
}
