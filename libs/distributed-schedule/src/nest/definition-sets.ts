/**
 * Which version of the app says when a task is due. During a rolling deploy instances of two versions run side by side. Each
 * version shows the set of its definitions on the board, and whether an instance of it is alive; the version that was seen
 * for the first time last is the newest, and its word counts for as long as one of its instances lives.
 *
 * First seen, not started last: an old version that crashes and restarts, for days, does not become the newest by it.
 */

import type { Board } from '../protocol/board/board.js';
import { sha256Hex } from '../system/sha256.js';
import { recordOn, recordsOn } from './control-records.js';
import type { TaskBlueprint } from './exclusive-task.factory.js';
import { dataOf, type ScheduleData } from './schedule-data.js';

/** `set:<hash>:<part>`: definitions of one version, so many tasks per record. */
export const SET = 'set:';
/** `alive:<hash>`: an instance of that version lives. */
export const ALIVE = 'alive:';

const TASKS_PER_RECORD = 50;

/** A version that nobody has run for so long is new again, ms. */
const SET_TTL_MS = 30 * 86_400_000;
/** While it runs, its records are written anew so often, ms. */
const SET_RENEWAL_MS = 86_400_000;

export const ALIVE_TTL_MS = 10_000;
const ALIVE_RENEWAL_MS = 3_000;

/** One task as a version defines it. */
export interface TaskDefinition {
  /** Hash of everything that says when and how it runs. */
  readonly fingerprint: string;
  /** Absent where only the code can tell. */
  readonly schedule?: ScheduleData;
  readonly jitterMs?: number;
}

interface SetRecord {
  readonly firstSeenMs: number;
  readonly tasks: Readonly<Record<string, TaskDefinition>>;
}

/** The definition of a task that counts now. */
export interface CurrentDefinition extends TaskDefinition {
  readonly isOwn: boolean;
  readonly firstSeenMs: number;
}

/** What one version defines, by task. */
export type DefinitionSet = ReadonlyMap<string, TaskDefinition>;

export function definitionSetOf(
  tasks: readonly (TaskBlueprint & { readonly jitterMs?: number })[],
): DefinitionSet {
  return new Map(
    tasks.map(({ name, definition, schedule, policies, placement, maxLatenessMs, jitterMs = 0 }) => {
      const data = dataOf(definition);
      const facts = [
        data ?? schedule.description,
        jitterMs,
        policies,
        placement ?? null,
        maxLatenessMs ?? null,
      ];
      const fingerprint = sha256Hex(JSON.stringify(facts)).slice(0, 16);
      return [
        name,
        {
          fingerprint,
          ...(data === undefined ? {} : { schedule: data }),
          ...(jitterMs > 0 ? { jitterMs } : {}),
        },
      ];
    }),
  );
}

export class DefinitionSets {
  private readonly hash: string;
  private readonly joinedMs: number;

  constructor(
    private readonly board: Board,
    readonly own: DefinitionSet,
  ) {
    const lines = [...own].map(([name, { fingerprint }]) => `${name} ${fingerprint}`).sort();
    this.hash = sha256Hex(lines.join('\n')).slice(0, 16);
    this.joinedMs = board.nowMs();
  }

  /** Shows this version and that it lives. To be called every second or so, once the board has been read. */
  keepAlive(): void {
    if (this.own.size === 0) return;
    let isNews = false;
    const nowMs = this.board.nowMs();
    const written = new Map(
      this.board.list(`${SET}${this.hash}:`).map(({ key, writtenMs }) => [key, writtenMs]),
    );
    const firstSeenMs = this.firstSeenMs() ?? Math.floor(nowMs);
    const entries = [...this.own];
    for (let part = 0; part * TASKS_PER_RECORD < entries.length; part += 1) {
      const key = `${SET}${this.hash}:${part}`;
      if ((written.get(key) ?? 0) > nowMs - SET_RENEWAL_MS) continue;
      const tasks = Object.fromEntries(entries.slice(part * TASKS_PER_RECORD, (part + 1) * TASKS_PER_RECORD));
      this.board.post(key, JSON.stringify({ firstSeenMs, tasks } satisfies SetRecord), SET_TTL_MS);
      isNews = true;
    }
    const [alive] = this.board.list(`${ALIVE}${this.hash}`);
    if (alive === undefined || alive.writtenMs < nowMs - ALIVE_RENEWAL_MS) {
      this.board.post(`${ALIVE}${this.hash}`, '{}', ALIVE_TTL_MS);
      isNews ||= alive === undefined;
    }
    if (isNews) this.board.flush();
  }

  /** Changes whenever another version counts. */
  signature(): string {
    return this.board
      .list(ALIVE)
      .map(({ key }) => key)
      .join();
  }

  /** Per task the definition of the newest version that lives and has the task; those of this instance at least. */
  current(): ReadonlyMap<string, CurrentDefinition> {
    const current = new Map<string, CurrentDefinition & { readonly hash: string }>();
    const ownSeenMs = this.firstSeenMs() ?? this.joinedMs;
    for (const [name, task] of this.own) {
      current.set(name, { ...task, isOwn: true, firstSeenMs: ownSeenMs, hash: this.hash });
    }
    for (const [place, { firstSeenMs, tasks }] of recordsOn<SetRecord>(this.board, SET)) {
      const hash = place.slice(0, place.indexOf(':'));
      if (hash === this.hash || this.board.get(`${ALIVE}${hash}`) === undefined) continue;
      // Another release of this library may write otherwise.
      if (typeof firstSeenMs !== 'number' || typeof tasks !== 'object') continue;
      for (const [name, task] of Object.entries(tasks)) {
        const rival = current.get(name);
        const isNewer =
          rival === undefined ||
          firstSeenMs > rival.firstSeenMs ||
          (firstSeenMs === rival.firstSeenMs && hash > rival.hash);
        if (isNewer) current.set(name, { ...task, isOwn: false, firstSeenMs, hash });
      }
    }
    return current;
  }

  private firstSeenMs(): number | undefined {
    return recordOn<SetRecord>(this.board, `${SET}${this.hash}:0`)?.firstSeenMs;
  }
}
