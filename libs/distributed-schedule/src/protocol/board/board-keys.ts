/**
 * Every key of the board: prefix, time to live, decoder. Without a time to live a record stays.
 * Another meaning takes another prefix, or an older version of this library misreads it.
 */

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** `in:<room>:<key>`: a record of one application; the room is short, and has no colon. */
export const ROOMS = 'in:';

/** `pause:<task>`: the last word on whether it is paused. */
export const PAUSE = 'pause:';
/** Of a pause that is over: by then nobody looks back on it. */
export const RESUMED_TTL_MS = 30 * DAY_MS;

/** `plan:<task>`: a schedule in place of the one in the code. */
export const PLAN = 'plan:';

/** `task:<task>`: a task that was added at run time. */
export const TASK = 'task:';

/** `trigger:<tick>:<random>:<task>`: an extra tick. The task comes last, since its name may hold colons. */
export const TRIGGER = 'trigger:';
export const TRIGGER_TTL_MS = MINUTE_MS;
export const MAX_TRIGGER_TTL_MS = DAY_MS;

/** `run:<task>`: its newest run that has ended. */
export const RUN = 'run:';
export const RUN_TTL_MS = 30 * DAY_MS;

/** `told:<outcome>:<task>`: the newest tick of which some instance has told that outcome. */
export const TOLD = 'told:';
export const TOLD_TTL_MS = 10 * MINUTE_MS;

/** `once:<hash of task and deployment key>`: when a timeout is due, in the first instance's word. */
export const TIMEOUT = 'once:';
/** From when it is due; after that the ledger alone remembers. */
export const TIMEOUT_TTL_MS = DAY_MS;

/** `set:<version>:<part>`: what one version of one application defines. */
export const SET = 'set:';
/** A version that nobody ran for this long is new again. */
export const SET_TTL_MS = 30 * DAY_MS;

/** `alive:<version>`: an instance of that version lives. */
export const ALIVE = 'alive:';
export const ALIVE_TTL_MS = 10_000;

/** `instance:<instance id>`: what an instance says of itself. */
export const INSTANCE = 'instance:';
export const INSTANCE_TTL_MS = 10_000;
/** Long enough for an instance that was away for a while. */
export const FAREWELL_TTL_MS = MINUTE_MS;

/** Deletions are remembered this long. Who was away for longer forgets its records, or deleted ones come back: board-absence.ts. */
export const TOMBSTONE_TTL_MS = DAY_MS;

export function roomPrefix(room: string): string {
  return `${ROOMS}${room}:`;
}

/** Whether a key has that prefix in some room. */
export function isInRoom(key: string, prefix: string): boolean {
  return key.startsWith(ROOMS) && key.startsWith(prefix, roomEnd(key));
}

/** The key up to its kind. Who lists records asks for those of one kind. */
export function kindOf(key: string): string {
  return key.slice(0, key.indexOf(':', roomEnd(key)) + 1);
}

/** The kind alone, whichever application's it is. */
export function kindInRoom(key: string): string {
  return kindOf(key).slice(roomEnd(key));
}

function roomEnd(key: string): number {
  return key.startsWith(ROOMS) ? key.indexOf(':', ROOMS.length) + 1 : 0;
}

export function triggerKey(task: string, tick: number, id: string): string {
  return `${TRIGGER}${tick}:${id}:${task}`;
}

/** Where a trigger was placed first, and whose it is; undefined for another key. */
export function readTriggerKey(
  key: string,
): { readonly placedMs: number; readonly task: string } | undefined {
  const [, placedMs, task] = /^trigger:(\d+):[^:]*:(.+)$/s.exec(key) ?? [];
  return task === undefined ? undefined : { placedMs: Number(placedMs), task };
}

/** The task that a record of a decision is about. */
export function taskOfDecision(key: string): string {
  return readTriggerKey(key)?.task ?? key.slice(key.indexOf(':') + 1);
}

export function toldKey(outcome: string, task: string): string {
  return `${TOLD}${outcome}:${task}`;
}

export function setKey(version: string, part: number): string {
  return `${SET}${version}:${part}`;
}

/** @param place a key without {@link SET} */
export function versionOfSet(place: string): string {
  return place.slice(0, place.indexOf(':'));
}
