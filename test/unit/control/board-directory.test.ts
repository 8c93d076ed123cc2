/** What was told is known to the others soon, and costs a record a task now and then, not one for each missed tick. */

import { describe, expect, it } from 'vitest';
import { BoardDirectory } from '#src/control/board-directory.js';
import type { BoardView } from '#src/protocol/board/board-room.js';
import type { AuditFinding } from '#src/protocol/contract/audit-finding.js';

function missed(tick: number, task = 'settle'): AuditFinding {
  return { task, tick, ticks: 1, outcome: 'missed', certain: true } as unknown as AuditFinding;
}

function scene() {
  const posted: string[] = [];
  const kept = new Map<string, string>();
  const board = {
    entry: (key: string) => (kept.has(key) ? { key, value: kept.get(key) } : undefined),
    get: (key: string) => kept.get(key),
    post: (key: string, value: string) => {
      kept.set(key, value);
      posted.push(`${key} ${(JSON.parse(value) as { tick: number }).tick}`);
    },
  } as unknown as BoardView;
  let notice = (): void => {};
  const directory = new BoardDirectory(board, {
    sinceMsOf: () => undefined,
    onPost: (listener) => {
      notice = listener;
    },
  });
  return { directory, posted, notice: () => notice() };
}

describe('what an instance has told of missed ticks', () => {
  it('goes out at once, and what follows with the next notice, the newest alone', () => {
    const { directory, posted, notice } = scene();
    directory.noteTold(missed(1_000));
    expect(posted).toEqual(['told:missed:settle 1000']);
    directory.noteTold(missed(2_000));
    directory.noteTold(missed(3_000));
    expect(posted).toHaveLength(1);
    notice();
    expect(posted).toEqual(['told:missed:settle 1000', 'told:missed:settle 3000']);
  });

  it('is known here before the board has it', () => {
    const { directory } = scene();
    directory.noteTold(missed(1_000));
    directory.noteTold(missed(2_000));
    expect(directory.hasTold(missed(2_000))).toBe(true);
    expect(directory.hasTold(missed(3_000))).toBe(false);
    expect(directory.hasTold(missed(1_000, 'other'))).toBe(false);
  });

  it('goes out at once again after a notice with nothing new', () => {
    const { directory, posted, notice } = scene();
    directory.noteTold(missed(1_000));
    notice();
    notice();
    directory.noteTold(missed(9_000));
    expect(posted).toEqual(['told:missed:settle 1000', 'told:missed:settle 9000']);
  });

  it('does not go back to an older tick', () => {
    const { directory, posted, notice } = scene();
    directory.noteTold(missed(2_000));
    directory.noteTold(missed(1_000));
    notice();
    expect(posted).toEqual(['told:missed:settle 2000']);
    expect(directory.hasTold(missed(2_000))).toBe(true);
  });
});
