import { describe, expect, it } from 'vitest';
import { ClusterClock } from '#src/protocol/time/cluster-clock.js';
import { ManualClock } from '#src/testing/manual-clock.js';

function setUp(nodes = 3, skewMs = 0) {
  const clock = new ManualClock();
  const cluster = new ClusterClock(clock.skewed({ offsetMs: skewMs }), nodes);
  /** A reply of a node whose clock is `aheadMs` ahead of true time, with the given round trip. */
  const hear = (node: number, aheadMs: number, roundTripMs = 0): void => {
    const receivedMs = clock.monotonicMs();
    cluster.observe({
      node,
      sentMs: receivedMs - roundTripMs,
      receivedMs,
      nodeTimeMs: clock.wallMs() - roundTripMs / 2 + aheadMs,
    });
  };
  return { clock, cluster, hear };
}

describe('the cluster clock', () => {
  it('takes over the time of the nodes, whatever the wall clock of the instance shows', () => {
    const { clock, cluster, hear } = setUp(3, 2_000);
    for (const node of [0, 1, 2]) hear(node, 0);
    expect(cluster.nowMs()).toBeCloseTo(clock.wallMs());
    expect(cluster.status().skewMs).toBeCloseTo(2_000);
  });

  it('is not synchronised before a majority of the configured nodes has been heard', async () => {
    const { clock, cluster, hear } = setUp(3);
    hear(0, 0);
    await clock.advance(500);
    hear(0, 0);
    expect(cluster.synchronised).toBe(false);
    hear(1, 0);
    await clock.advance(250);
    hear(1, 0);
    expect(cluster.synchronised).toBe(true);
  });

  it('waits a moment for the third of three nodes: the first two may be a bad pair', async () => {
    const { clock, cluster, hear } = setUp(3);
    hear(0, -600_000);
    await clock.advance(5);
    hear(1, 0);
    expect(cluster.synchronised).toBe(false);
    hear(2, 1);
    expect(cluster.nowMs() - clock.wallMs()).toBeCloseTo(0);
  });

  it('steps forward at once when the nodes turn out to be far ahead', async () => {
    const { clock, cluster, hear } = setUp(1);
    hear(0, 0);
    await clock.advance(1_000);
    hear(0, 60_000);
    expect(cluster.nowMs() - clock.wallMs()).toBeCloseTo(60_000);
  });

  it('does not believe a sample for ever', async () => {
    const { clock, cluster, hear } = setUp(3);
    for (const node of [0, 1, 2]) hear(node, 100);
    await clock.advance(40_000);
    for (const node of [1, 2]) hear(node, 0, 300);
    await clock.advance(20_000);
    expect(cluster.nowMs() - clock.wallMs()).toBeLessThan(60);
  });

  it('follows the median of the nodes and not the fastest of them', () => {
    const { clock, cluster, hear } = setUp(3);
    hear(0, 10_000);
    hear(1, 3);
    hear(2, 0);
    expect(cluster.nowMs() - clock.wallMs()).toBeCloseTo(3);
  });

  it('believes the sample with the shortest round trip, also when a newer one was slow', () => {
    const { clock, cluster } = setUp(1);
    cluster.observe({ node: 0, sentMs: 0, receivedMs: 2, nodeTimeMs: clock.wallMs() + 1 });
    // The slow reply was held up on its way back: it claims that the node is 40 ms behind.
    cluster.observe({ node: 0, sentMs: 0, receivedMs: 100, nodeTimeMs: clock.wallMs() + 10 });
    expect(cluster.status().errorMs).toBeCloseTo(1);
  });

  it('never steps back when the nodes turn out to be behind', async () => {
    const { clock, cluster, hear } = setUp(1);
    hear(0, 0);
    await clock.advance(1_000);
    hear(0, -400);
    let last = cluster.nowMs();
    for (let step = 0; step < 2_000; step += 1) {
      await clock.advance(1);
      expect(cluster.nowMs()).toBeGreaterThanOrEqual(last);
      last = cluster.nowMs();
    }
    expect(cluster.nowMs() - clock.wallMs()).toBeLessThan(-200);
  });

  it('spreads a correction over time instead of stepping', async () => {
    const { clock, cluster, hear } = setUp(1);
    hear(0, 0);
    await clock.advance(1_000);
    hear(0, 100);
    expect(cluster.nowMs() - clock.wallMs()).toBeCloseTo(0);
    await clock.advance(1_000);
    expect(cluster.nowMs() - clock.wallMs()).toBeCloseTo(50);
    await clock.advance(1_000);
    expect(cluster.nowMs() - clock.wallMs()).toBeCloseTo(100);
  });

  it('keeps running on the monotonic clock when fewer than a majority answer', async () => {
    const { clock, cluster, hear } = setUp(3);
    for (const node of [0, 1, 2]) hear(node, 0);
    await clock.advance(60_000);
    hear(2, 5_000);
    await clock.advance(60_000);
    expect(cluster.nowMs()).toBeCloseTo(clock.wallMs());
  });

  it('forgets the samples of a node whose clock has stepped', async () => {
    const { clock, cluster, hear } = setUp(1);
    hear(0, 0);
    await clock.advance(1_000);
    hear(0, 300, 4);
    await clock.advance(5_000);
    expect(cluster.nowMs() - clock.wallMs()).toBeCloseTo(300);
  });

  it('sleeps until an instant of cluster time, also while it is being corrected', async () => {
    const { clock, cluster, hear } = setUp(1);
    hear(0, 0);
    const wakeMs = cluster.nowMs() + 1_000;
    let wokenAtMs = 0;
    void cluster.sleepUntil(wakeMs).then(() => {
      wokenAtMs = cluster.nowMs();
    });
    await clock.advance(500);
    hear(0, -100);
    await clock.advance(1_000);
    expect(wokenAtMs).toBeGreaterThanOrEqual(wakeMs);
    expect(wokenAtMs).toBeLessThan(wakeMs + 5);
  });
});
