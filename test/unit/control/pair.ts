/** Two instances of an app, and decisions that are waited for on a clock that the test moves. */

import { BOARD_PERIOD_MS } from '#src/protocol/board/board-record.js';
import type { BoardShares } from '#src/protocol/board/board-shares.js';
import { BoardStage } from '../protocol/board/board-stage.js';
import { cron, type Definitions, Version } from './version.js';

/** By then every instance has seen a decision. */
export const SEEN_MS = BOARD_PERIOD_MS + 10;
export const EVERY_HOUR = cron('0 0 * * * *');

export async function pair(
  definitions: Definitions = { report: EVERY_HOUR },
  shares?: BoardShares,
): Promise<{ stage: BoardStage; one: Version; other: Version }> {
  const stage = new BoardStage({ boards: 0, ...(shares === undefined ? {} : { shares }) });
  const one = await Version.start(stage, definitions, ['send']);
  const other = await Version.start(stage, definitions, ['send']);
  await stage.clock.advance(SEEN_MS);
  return { stage, one, other };
}

/** Waits for a decision, moving the clock. */
export async function decided<T>(stage: BoardStage, decision: Promise<T>): Promise<T> {
  const settled = decision.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  let outcome: { value: T } | { error: unknown } | undefined;
  void settled.then((result) => {
    outcome = result;
  });
  for (let ms = 0; ms < 10_000 && outcome === undefined; ms += 10) await stage.clock.advance(10);
  if (outcome === undefined) throw new Error('the decision has not ended');
  if ('error' in outcome) throw outcome.error;
  return outcome.value;
}
