import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { RunLine } from '../../../apps/demo/src/run-record.js';
import { isSound, prove, readRunLines } from '../../../apps/demo/src/showcase/proof.js';

const FIRST = 1_700_000_000_000;
const due = { tasks: ['settle', 'sweep'], firstTick: FIRST, lastTick: FIRST + 2_000 };
const explained = () => ({ text: 'no majority of masters is up', explained: true });
const unexplained = () => ({ text: 'taken', explained: false });

function start(task: string, second: number, change: Partial<RunLine> = {}): RunLine {
  const tick = FIRST + second * 1_000;
  const at = { startedMs: tick + 2, atMs: tick + 2, monotonicMs: second * 1_000 + 2, trustedForMs: 2_970 };
  return { phase: 'start', task, tick, token: tick, replica: 'A', instanceId: 'a', pid: 1, ...at, ...change };
}

const everyTick = [0, 1, 2].flatMap((second) => [start('settle', second), start('sweep', second)]);

describe('the proof of the showcase', () => {
  it('is sound when each due tick was started once', () => {
    const proof = prove(everyTick, due, unexplained);
    expect(proof).toMatchObject({ due: 6, runs: 6, doubled: [], missed: [] });
    expect(isSound(proof)).toBe(true);
  });

  it('finds a tick that two replicas started', () => {
    const proof = prove([...everyTick, start('sweep', 1, { replica: 'B' })], due, explained);
    expect(proof.doubled).toEqual([{ task: 'sweep', tick: FIRST + 1_000, replicas: ['A', 'B'] }]);
    expect(isSound(proof)).toBe(false);
  });

  it('finds a tick that one replica started twice', () => {
    expect(isSound(prove([...everyTick, start('settle', 0)], due, explained))).toBe(false);
  });

  it('finds a double outside of the span that was due', () => {
    const proof = prove([...everyTick, start('sweep', -5), start('sweep', -5)], due, explained);
    expect(proof.doubled).toHaveLength(1);
    expect(proof.runs).toBe(6);
  });

  it('does not take the end of a run for a second start', () => {
    const ends = everyTick.map((line): RunLine => ({ ...line, phase: 'end' }));
    expect(isSound(prove([...everyTick, ...ends], due, unexplained))).toBe(true);
  });

  it('is sound with a missed tick only where that is explained', () => {
    const oneMissing = everyTick.slice(1);
    expect(prove(oneMissing, due, explained).missed).toEqual([
      { task: 'settle', tick: FIRST, text: 'no majority of masters is up', explained: true },
    ]);
    expect(isSound(prove(oneMissing, due, explained))).toBe(true);
    expect(isSound(prove(oneMissing, due, unexplained))).toBe(false);
  });

  it('is not sound when nothing ran', () => {
    expect(isSound(prove([], due, explained))).toBe(false);
  });

  it('measures lateness from the tick to the start of the handler', () => {
    const late = start('settle', 1, { startedMs: FIRST + 1_104 });
    const proof = prove([...everyTick.filter((line) => line.tick !== late.tick), late], due, explained);
    expect(proof.lateness).toEqual({ p50: 2, p99: 104, max: 104 });
    expect(proof.latest).toEqual(late);
  });
});

describe('record files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'records-'));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('are read without the line that a kill cut off, and need not exist', () => {
    const file = join(folder, 'A.jsonl');
    appendFileSync(file, `${JSON.stringify(start('settle', 0))}\n{"phase":"sta`);
    expect(readRunLines([file, join(folder, 'B.jsonl')])).toEqual([start('settle', 0)]);
  });
});
