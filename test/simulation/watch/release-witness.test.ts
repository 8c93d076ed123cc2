import { describe, expect, it } from 'vitest';
import type { HeldLock } from '#src/protocol/contract/ports.js';
import { Machine } from '../world/machine.js';
import { Server } from '../world/server.js';
import { VirtualTime } from '../world/virtual-time.js';
import { History } from './history.js';
import { ReleaseWitness } from './release-witness.js';

const TTL_MS = 3_000;
const LOCK: HeldLock = { task: 't0', value: 'released' };

/** One server and one owner of a lock, with each message told to the witness as in a world. */
class Scene {
  readonly time = new VirtualTime();
  readonly history = new History(
    () => this.time.nowMs,
    false,
    () => {},
  );
  private readonly server = new Server(this.time, { index: 0, rate: 1, offsetMs: 0 }, this.history);
  private readonly owner = new Machine(this.time, { rate: 1, wallOffsetMs: 0 });
  private readonly witness = new ReleaseWitness(this.history);

  constructor() {
    this.server.model.locks.release('t0', 'first call: the quarantine begins');
    this.time.skipTo(TTL_MS + 1);
  }

  arrive(): void {
    const { desk } = this.server;
    const deadlineMs = this.server.wallMs() + 120;
    desk.acquire({ ...LOCK, holder: 'i1', isNamed: true, ttlMs: TTL_MS, deadlineMs });
  }

  letGo(): void {
    this.witness.letGo(LOCK, this.owner, [this.server]);
  }

  /** @returns what is told when the owner has heard so many answers, long after, and a renewal meets the lock */
  meetAfter(answers: number): readonly string[] {
    this.time.skipTo(this.time.nowMs + 1_200);
    for (let answer = 0; answer < answers; answer += 1) this.witness.heard(this.owner, this.server);
    this.witness.checkRival(LOCK, this.server, 'i2');
    return this.history.violations.map(({ rule }) => rule);
  }
}

describe('a lock that was let go and stands', () => {
  it('is told once its owner has heard four answers after all that was on its way is refused', () => {
    const scene = new Scene();
    scene.arrive();
    scene.letGo();
    expect(scene.meetAfter(4)).toEqual(['a lock that was let go is gone soon']);
  });

  it('is nothing before: each message with the release may be lost', () => {
    const scene = new Scene();
    scene.arrive();
    scene.letGo();
    expect(scene.meetAfter(3)).toEqual([]);
  });

  it('is nothing where its owner has not let go', () => {
    const scene = new Scene();
    scene.arrive();
    expect(scene.meetAfter(4)).toEqual([]);
  });
});
