/** Two instances of an app, and decisions that are waited for on a clock that the test moves. */

import type { BoardShares } from '#src/protocol/board/board-shares.js';
import { BoardWorld } from '../protocol/board/board-world.js';
import { cron, type Definitions, Version } from './version.js';

export const SECOND_MS = 1_000;
export const EVERY_HOUR = cron('0 0 * * * *');

export async function pair(
  definitions: Definitions = { report: EVERY_HOUR },
  shares?: BoardShares,
): Promise<{ scene: BoardWorld; one: Version; other: Version }> {
  const scene = new BoardWorld({ boards: 0, ...(shares === undefined ? {} : { shares }) });
  const one = await Version.start(scene, definitions, ['send']);
  const other = await Version.start(scene, definitions, ['send']);
  await scene.clock.advance(SECOND_MS);
  return { scene, one, other };
}

/** Waits for a decision, moving the clock. */
export async function decided<T>(scene: BoardWorld, decision: Promise<T>): Promise<T> {
  const settled = decision.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  let outcome: { value: T } | { error: unknown } | undefined;
  void settled.then((result) => {
    outcome = result;
  });
  for (let ms = 0; ms < 10_000 && outcome === undefined; ms += 10) await scene.clock.advance(10);
  if (outcome === undefined) throw new Error('the decision has not ended');
  if ('error' in outcome) throw outcome.error;
  return outcome.value;
}
