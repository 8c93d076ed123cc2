import { expect, it } from 'vitest';
import type { Outcome } from '#src/protocol/contract/outcome.js';
import { FaultLog } from '../../../apps/demo/src/showcase/fault-log.js';
import { explainMiss } from '../../../apps/demo/src/showcase/missed-tick.js';
import type { TickEntry } from '../../../apps/demo/src/showcase/scoreboard.js';

const TICK = 1_700_000_100_000;
const LONG_AGO = TICK - 60_000;
const SIZE = { voters: 3, replicas: 3 };

function missed(...outcomes: Outcome[]): TickEntry {
  const reports = outcomes.map((outcome, index) => [`R${index}`, { outcome, detail: undefined }] as const);
  return { task: 'settle', tick: TICK, reports: new Map(reports) };
}

/** Three masters that have long been up, with all their memory. */
function healthy(): FaultLog {
  const faults = new FaultLog();
  for (const node of [0, 1, 2]) faults.nodeUp(node, LONG_AGO, LONG_AGO);
  return faults;
}

it('a miss without any fault is not explained, whatever the replicas say', () => {
  for (const outcome of ['taken', 'no_quorum', 'overlap', 'misfire'] as const) {
    expect(explainMiss(missed(outcome), healthy(), SIZE)).toEqual({ text: outcome, explained: false });
  }
  expect(explainMiss(missed(), healthy(), SIZE).explained).toBe(false);
});

it('a miss is explained when a majority of masters is down, not when a minority is', () => {
  const faults = healthy();
  faults.nodeDown(0, TICK - 5_000);
  expect(explainMiss(missed('no_quorum'), faults, SIZE).explained).toBe(false);
  faults.nodeDown(1, TICK - 5_000);
  expect(explainMiss(missed('no_quorum'), faults, SIZE)).toEqual({
    text: 'no majority of masters is up',
    explained: true,
  });
});

it('a miss is explained while a majority of masters has just started empty', () => {
  const faults = new FaultLog();
  for (const node of [0, 1, 2]) faults.nodeUp(node, LONG_AGO, TICK + 2_000);
  expect(explainMiss(missed('no_quorum'), faults, SIZE).text).toBe('quarantine after an empty start');
});

it('a miss is explained when its winner was killed or paused between claim and run', () => {
  const faults = healthy();
  faults.replicaGone('B', 'killed', TICK - 10);
  expect(explainMiss(missed('taken', 'taken'), faults, SIZE).text).toBe('won by B, killed before it ran');
  expect(explainMiss(missed('no_quorum'), faults, SIZE).explained).toBe(false);
});

it('a replica that has been gone for long explains nothing: it cannot have claimed the tick', () => {
  const faults = healthy();
  faults.replicaGone('B', 'killed', TICK - 10_000);
  expect(explainMiss(missed('taken', 'overlap'), faults, SIZE).explained).toBe(false);
});

it('an overlap is explained for one lease after its holder was paused', () => {
  const faults = healthy();
  faults.replicaGone('B', 'paused', TICK - 2_500);
  expect(explainMiss(missed('overlap'), faults, SIZE).text).toBe('lock of B, paused, not yet free');
  expect(explainMiss(missed('taken'), faults, SIZE).explained).toBe(false);
});

it('no quorum is explained when a master is down and a paused replica still holds a vote', () => {
  const faults = healthy();
  faults.replicaGone('B', 'paused', TICK - 30);
  expect(explainMiss(missed('no_quorum'), faults, SIZE).explained).toBe(false);
  faults.nodeDown(0, TICK - 5_000);
  expect(explainMiss(missed('no_quorum'), faults, SIZE).text).toBe('lock of B, paused, not yet free');
});

it('a miss is explained when every replica was away', () => {
  const faults = healthy();
  for (const name of ['A', 'B', 'C']) faults.replicaGone(name, 'killed', TICK - 10_000);
  expect(explainMiss(missed(), faults, SIZE).text).toBe('no replica is up');
  faults.replicaBack('C', TICK - 5_000);
  expect(explainMiss(missed(), faults, SIZE).explained).toBe(false);
});
