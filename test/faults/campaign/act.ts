/** One scene of a campaign: opens it, lets the nemesis rage, and reads what the witnesses wrote. */

import { SeededRandom } from '#src/testing/seeded-random.js';
import type { OutcomeLine } from '../../../apps/demo/src/outcome-record.js';
import type { RunLine } from '../../../apps/demo/src/run-record.js';
import type { Evidence } from './account/row.js';
import { TASKS } from './cast.js';
import { epochOffsetMs, sleepMs } from './machine-clock.js';
import { Nemesis } from './nemesis.js';
import type { Scene, SceneKind } from './scene.js';
import { Triggers } from './trigger.js';
import { readLines } from './witness.js';

const SECOND_MS = 1_000;

export interface ActParts {
  readonly kind: SceneKind;
  readonly seed: number;
  readonly tell: (line: string) => void;
  readonly forMs: number;
  /** Only hazards whose kind has this in it, where there are any. */
  readonly only?: string;
  /** Instead of what the scene does by itself. */
  readonly play?: SceneKind['play'];
}

export async function playAct({
  kind,
  seed,
  tell,
  forMs,
  only = '',
  play = kind.play,
}: ActParts): Promise<Evidence> {
  // Each fault leaves something to clean up at the end.
  process.setMaxListeners(0);
  const random = new SeededRandom(seed);
  const scene = await kind.open();
  const triggers = new Triggers(scene.cast);
  try {
    const meant = scene.hazards.filter(({ kind: name }) => name.includes(only));
    const hazards = (meant.length > 0 ? meant : scene.hazards).filter(({ kind: name, unavailable }) => {
      const reason = unavailable?.();
      if (reason !== undefined) tell(`SKIPPED ${name}: ${reason}`);
      return reason === undefined;
    });
    const nemesis = new Nemesis({ cast: scene.cast, triggers, random, hazards, tell });
    const firstTick = Math.ceil(Date.now() / SECOND_MS) * SECOND_MS + SECOND_MS;
    await play(nemesis, scene, forMs);
    const lastTick = Math.floor(Date.now() / SECOND_MS) * SECOND_MS;
    // The last tick may still be started, until it is late.
    await sleepMs(SECOND_MS);
    return evidenceOf(scene, nemesis, firstTick, lastTick);
  } catch (error) {
    tell(scene.cast.logs());
    throw error;
  } finally {
    triggers.close();
    await scene.close();
  }
}

function evidenceOf(
  { cast }: Scene,
  { incidents, silences }: Nemesis,
  firstTick: number,
  lastTick: number,
): Evidence {
  return {
    facts: {
      nodes: cast.votes,
      epochOffsetMs: epochOffsetMs(),
      incidents,
      lives: cast.lives,
      starvation: cast.starvation,
      silences,
    },
    lines: readLines<RunLine>(cast.runFile),
    outcomes: readLines<OutcomeLine>(cast.outcomeFile),
    tasks: TASKS,
    firstTick,
    lastTick,
  };
}
