import { describe, expect, it } from 'vitest';
import { ElectorateStage, eventsOf, type StagedInstance } from './electorate-stage.js';

const SECOND_MS = 1_000;
/** Much simulated time; a busy machine needs more than the default. */
const SLOW_MS = 60_000;

/** Three instances of three nodes in their stride. */
async function settled(): Promise<{ stage: ElectorateStage; instances: readonly StagedInstance[] }> {
  const stage = new ElectorateStage();
  const instances = [stage.join(), stage.join(), stage.join()];
  await stage.advance(8 * SECOND_MS);
  return { stage, instances };
}

/** The address of the second node has led everybody to another server for a while, and leads back to the old one. */
async function ledBack(): ReturnType<typeof settled> {
  const { stage, instances } = await settled();
  const [old, other] = [stage.cluster.nodes[1], stage.server()];
  if (old === undefined) throw new Error('no node');
  for (const { lines } of instances) lines[1]?.leadTo(other);
  await stage.advance(6 * SECOND_MS);
  for (const { lines } of instances) lines[1]?.leadTo(old);
  return { stage, instances };
}

function conditionsOf(instance: StagedInstance): readonly string[] {
  return eventsOf(instance, 'identity').map(({ node, condition }) => `${node} ${condition}`);
}

describe('an address behind which another server has come, while the old one lives', {
  timeout: SLOW_MS,
}, () => {
  it('has no vote there as long as an instance is still connected to the old one', async () => {
    const { stage, instances } = await settled();
    const other = stage.server();
    const late = stage.join({ servers: { 1: other } });
    await stage.advance(20 * SECOND_MS);
    expect(stage.doubled()).toEqual([]);
    // It says so, and nobody else has to.
    expect(conditionsOf(late)).toEqual(['node 2 wrong_server']);
    expect(instances.flatMap(conditionsOf)).toEqual([]);
    expect(late.scheduler.status().nodeSet?.problems).toEqual({ 'node 2': 'DSCHED_WRONG_SERVER' });
    expect(instances.flatMap(({ ticks }) => ticks).length).toBeGreaterThan(12);
    // The two others suffice.
    expect(late.condition()).toBe('bids');
  });

  it('is voted by once the last instance has left the old one', async () => {
    const { stage, instances } = await settled();
    const other = stage.server();
    for (const { lines } of instances) lines[1]?.leadTo(other);
    const swappedAtMs = stage.cluster.clock.monotonicMs();
    await stage.advance(2_200);
    expect(instances.flatMap(conditionsOf)).toContain('node 2 votes');
    expect(stage.cluster.clock.monotonicMs() - swappedAtMs).toBeLessThan(2_300);
    await stage.advance(10 * SECOND_MS);
    expect(stage.doubled()).toEqual([]);
  });

  it('is the wrong server for whoever meets the old one later: no vote, and it connects anew, ever more seldom', async () => {
    const { stage, instances } = await settled();
    const [old, other] = [stage.cluster.nodes[1], stage.server()];
    for (const { lines } of instances) lines[1]?.leadTo(other);
    await stage.advance(6 * SECOND_MS);
    if (old === undefined) throw new Error('no node');
    const late = stage.join({ servers: { 1: old } });
    await stage.advance(8 * SECOND_MS);
    expect(conditionsOf(late)).toEqual(['node 2 wrong_server']);
    expect(late.scheduler.status().nodeSet?.problems).toEqual({ 'node 2': 'DSCHED_WRONG_SERVER' });
    expect(late.lines[1]?.reconnects).toBeGreaterThanOrEqual(3);
    expect(late.lines[1]?.reconnects).toBeLessThanOrEqual(4);
    const line = late.lines[1];
    if (line !== undefined) line.next = other;
    await stage.advance(10 * SECOND_MS);
    expect(late.scheduler.status().nodeSet?.problems).toEqual({});
    expect(conditionsOf(late)).toContain('node 2 votes');
    expect(stage.doubled()).toEqual([]);
  });

  it('does not drop the node for everybody by one wrong resolver', async () => {
    const { stage, instances } = await settled();
    const stray = stage.join({ servers: { 1: stage.server() } });
    await stage.advance(60 * SECOND_MS);
    // The true server restarts, and votes again all the same.
    stage.cluster.nodes[1]?.loseMemory('restart');
    await stage.advance(4 * SECOND_MS);
    expect(instances.flatMap(conditionsOf)).toContain('node 2 votes');
    expect(instances.flatMap(conditionsOf)).not.toContain('node 2 wrong_server');
    await stage.advance(20 * SECOND_MS);
    expect(stage.doubled()).toEqual([]);
    expect(stray.condition()).toBe('bids');
  });

  it('comes back to the old server under a new id', async () => {
    const { stage, instances } = await ledBack();
    await stage.advance(14 * SECOND_MS);
    for (const instance of instances) {
      expect(instance.scheduler.status().nodeSet?.problems).toEqual({});
      expect(conditionsOf(instance)).toContain('node 2 wrong_server');
    }
    expect(instances.flatMap(conditionsOf)).toContain('node 2 votes');
    // It votes: with another node gone the ticks go on.
    for (const { lines } of instances) for (const line of lines.slice(2)) line.isCut = true;
    const from = stage.cluster.clock.wallMs();
    await stage.advance(6 * SECOND_MS);
    const since = instances.flatMap(({ ticks }) => ticks).filter((tick) => tick > from);
    expect(since.length).toBeGreaterThanOrEqual(4);
    expect(stage.doubled()).toEqual([]);
  });

  it('comes back to the old server no later where another node forgets meanwhile', async () => {
    const { stage, instances } = await ledBack();
    await stage.advance(7 * SECOND_MS);
    // Of those that know of the newer server one is left, so that the old one is refused by fewer.
    stage.cluster.nodes[0]?.loseMemory('flush');
    await stage.advance(5 * SECOND_MS);
    for (const instance of instances) {
      // What was told as a trouble is told as over, also by those who gave it no vote themselves.
      const said = conditionsOf(instance).filter((one) => one.startsWith('node 2'));
      expect(said).toContain('node 2 wrong_server');
      expect(said.at(-1)).toBe('node 2 votes');
    }
    expect(stage.doubled()).toEqual([]);
  });

  it('cannot double a tick with a claim that was granted before the change', async () => {
    const { stage, instances } = await settled();
    const other = stage.server();
    // One instance stays with the old server and can reach no third one; the others have moved on.
    const [behind, ...moved] = instances;
    for (const line of behind?.lines.slice(2) ?? []) line.isCut = true;
    for (const { lines } of moved) lines[1]?.leadTo(other);
    for (const { lines } of moved) for (const line of lines.slice(0, 1)) line.isCut = true;
    await stage.advance(30 * SECOND_MS);
    expect(stage.doubled()).toEqual([]);
  });
});

describe('two servers of one position, both new', { timeout: SLOW_MS }, () => {
  it('have at most one vote between them, and no tick runs twice', async () => {
    const stage = new ElectorateStage({ areNew: true });
    const other = stage.server();
    const instances = [
      stage.join(),
      stage.join({ servers: { 1: other } }),
      stage.join(),
      stage.join({ servers: { 1: other } }),
    ];
    await stage.advance(30 * SECOND_MS);
    expect(stage.doubled()).toEqual([]);
    expect(instances.flatMap(({ ticks }) => ticks).length).toBeGreaterThan(20);
  });
});

describe('a note that one node alone has made', { timeout: SLOW_MS }, () => {
  it('does not keep the node from voting for ever', async () => {
    const { stage, instances } = await settled();
    // Node 1 has lost its members, and a stray instance comes before they beat again.
    const stray = stage.server().connect({ label: 'stray', position: 'n2' });
    const set = { generation: 1, positions: ['n1', 'n2', 'n3'], leaseTtlMs: 3_000 };
    const renumbered = await stray.renumber('', 0);
    const id = renumbered.answered ? await stray.renumber(renumbered.value, 9) : renumbered;
    stage.cluster.nodes[0]?.evict('members');
    const noted = await stage.cluster.nodes[0]
      ?.connect({ label: 'node 1', position: 'n1' })
      .note({ position: 'n2', id: id.answered ? id.value : '', set });
    expect(noted).toMatchObject({ answered: true, value: { kind: 'noted' } });
    await stage.advance(25 * SECOND_MS);
    expect(instances.flatMap(conditionsOf)).toContain('node 2 votes');
    expect(stage.doubled()).toEqual([]);
    for (const { lines } of instances) for (const line of lines.slice(2)) line.isCut = true;
    const from = stage.cluster.clock.wallMs();
    await stage.advance(6 * SECOND_MS);
    const since = instances.flatMap(({ ticks }) => ticks).filter((tick) => tick > from);
    expect(since.length).toBeGreaterThanOrEqual(4);
  });
});
