/** What kind of record stands under a key: `alive:`, or in the room of an application `in:<room>:task:`. */

export const ROOMS = 'in:';

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
