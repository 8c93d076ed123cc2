/**
 * The campaign's short share for every change: the most important faults, one after the other, on real processes.
 * `npm run faults` draws from all of them, for as long as one likes.
 */

import { describe, expect, it } from 'vitest';
import type { Moment } from './account/incident.js';
import { violationsOf } from './account/report.js';
import { tallyUp } from './account/tally.js';
import { playAct } from './act.js';
import { MASTERS } from './masters-scene.js';
import type { Nemesis } from './nemesis.js';
import type { Scene } from './scene.js';

const SEED = 20_260;

const PLAN: readonly (readonly [kind: string, moment: Moment])[] = [
  ['replica: kill -9', 'on release'],
  ['redis: kill -9, back empty', 'on grant'],
  ['replica: SIGSTOP', 'on win'],
  ['redis: FLUSHALL', 'on grant'],
  ['replica: kill -9', 'on win'],
  ['redis: kill -9, back with memory', 'random'],
  ['replica: event loop blocked', 'on win'],
  ['link: partition', 'on grant'],
  ['replica: SIGTERM, replaced', 'on win'],
  ['redis: all flushed', 'random'],
];

/** A moment may pass unseen, or its victim still recover from what came before. */
const ATTEMPTS = 8;

async function playPlan(nemesis: Nemesis, scene: Scene): Promise<void> {
  for (const [kind, moment] of PLAN) {
    const hazard = scene.hazards.find((one) => one.kind === kind);
    if (hazard === undefined) throw new Error(`no hazard ${kind}`);
    const before = nemesis.incidents.length;
    for (let attempt = 0; attempt < ATTEMPTS && nemesis.incidents.length === before; attempt += 1) {
      await nemesis.playOne({ hazard, moment });
      await nemesis.calm();
    }
  }
}

describe('a short campaign of faults', () => {
  it('breaks no promise, and every miss and every fault is accounted for', async () => {
    const said: string[] = [];
    const tell = (line: string): void => {
      said.push(line);
    };
    const evidence = await playAct({ kind: MASTERS, seed: SEED, forMs: 0, tell, play: playPlan });
    const tally = tallyUp(evidence);
    expect(violationsOf(tally, evidence), said.join('\n')).toEqual([]);
    expect(tally.total).toMatchObject({ times: PLAN.length, verified: PLAN.length, doubled: 0, overlaps: 0 });
    expect(tally.total.runs).toBeGreaterThan(PLAN.length);
  });
});
