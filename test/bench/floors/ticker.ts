/** One process that asks nobody: the turns of its event loop. */

import { setImmediate as nextTurn } from 'node:timers/promises';
import { drive, type Floor } from './floor.js';

export async function measureTicker(forMs: number): Promise<readonly Floor[]> {
  const figures = await drive({ callers: 1, forMs }, async () => {
    await nextTurn();
    return 1;
  });
  return [{ name: 'one process, no store', about: 'a turn of the event loop', figures }];
}
