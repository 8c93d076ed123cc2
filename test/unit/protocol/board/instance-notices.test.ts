import { describe, expect, it } from 'vitest';
import { INSTANCE_TTL_MS } from '#src/protocol/board/board-keys.js';
import { BOARD_PERIOD_MS } from '#src/protocol/board/board-record.js';
import { InstanceNotices } from '#src/protocol/board/instance-notices.js';
import { BoardStage } from './board-stage.js';

/** By then a notice has come to every other instance. */
const SEEN_WITHIN_MS = 2 * BOARD_PERIOD_MS + 10;

function setUp(instances: number) {
  const stage = new BoardStage({ boards: instances });
  const all = stage.boards.map((board, index) => {
    const { clock } = stage;
    const clusterClock = { nowMs: () => clock.wallMs(), synchronised: true };
    const labels = index === 0 ? ['eu', 'gpu'] : [];
    return new InstanceNotices({ board, clock, clusterClock, instanceId: `i${index}`, app: 'shop', labels });
  });
  const [one, other] = all;
  if (one === undefined || other === undefined) throw new Error('two instances at least');
  return { stage, all, one, other };
}

describe('the notices of instances', () => {
  it('tell the others which labels an instance has, and since when it is there', async () => {
    const { stage, one, other } = setUp(2);
    const startMs = stage.clock.wallMs();
    one.start('v1');
    other.start('v1');
    await stage.clock.advance(SEEN_WITHIN_MS);
    expect(other.labelsOf('i0')).toEqual(['eu', 'gpu']);
    expect(one.labelsOf('i1')).toEqual([]);
    expect(other.sinceMsOf('i0')).toBe(startMs);
    expect(other.whereabouts('i0')).toBe('here');
    expect([...other.present()].sort()).toEqual(['i0', 'i1']);
  });

  it('say nothing of an instance that was never heard of', () => {
    const { other } = setUp(2);
    expect(other.labelsOf('stranger')).toBeUndefined();
    expect(other.whereabouts('stranger')).toBeUndefined();
  });

  it('last as long as the instance lives, and a little longer', async () => {
    const { stage, one, other } = setUp(2);
    one.start('v1');
    await stage.clock.advance(60_000);
    expect(other.whereabouts('i0')).toBe('here');
    // It dies: nothing of it is heard any more.
    for (const node of [0, 1, 2]) stage.link(0, node, 'cut');
    await stage.clock.advance(INSTANCE_TTL_MS - 4_000);
    expect(other.whereabouts('i0')).toBe('here');
    await stage.clock.advance(5_000);
    expect(other.whereabouts('i0')).toBe('gone');
    expect(other.labelsOf('i0')).toBeUndefined();
  });

  it('tell an instance that has left in good order from one that died', async () => {
    const { stage, one, other } = setUp(2);
    one.start('v1');
    await stage.clock.advance(SEEN_WITHIN_MS);
    await one.stop();
    await stage.clock.advance(SEEN_WITHIN_MS);
    expect(other.whereabouts('i0')).toBe('left');
    await stage.clock.advance(120_000);
    expect(other.whereabouts('i0')).toBe('left');
  });

  it('are passed over where another version wrote what this one cannot read', async () => {
    const { stage, other } = setUp(2);
    for (const text of ['5', 'null', 'no JSON', '{"labels":"eu"}', '{"labels":["a b"],"sinceMs":1}']) {
      stage.board(0).post('instance:i0', text);
      await stage.clock.advance(SEEN_WITHIN_MS);
      expect(other.whereabouts('i0')).toBeUndefined();
    }
  });
});
