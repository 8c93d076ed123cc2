/** What kind of record stands under a key: `alive:`, or in the room of an application `in:<room>:task:`. */

export const ROOMS = 'in:';

/** The key up to its kind. Who lists records asks for those of one kind. */
export function kindOf(key: string): string {
  const from = key.startsWith(ROOMS) ? key.indexOf(':', ROOMS.length) + 1 : 0;
  return key.slice(0, key.indexOf(':', from) + 1);
}
