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

  send(): () => void {
    return this.witness.asked(LOCK, this.server);
  }

  arrive(): void {
    const { desk } = this.server;
    const stood = desk.valueOf(LOCK.task);
    const deadlineMs = this.server.wallMs() + 120;
    desk.acquire({ ...LOCK, holder: 'i1', isNamed: true, ttlMs: TTL_MS, deadlineMs });
    this.witness.applied(LOCK, this.server, stood);
  }

  letGo(): void {
    this.witness.letGo(LOCK, this.owner, [this.server]);
  }

  releaseArrives(): void {
    this.server.desk.release(LOCK.task, LOCK.value);
  }

  releaseIsConfirmed(): void {
    this.witness.confirmed(LOCK, this.server);
  }

  /** @returns what is told when the owner has heard four answers, long after, and a renewal meets the lock */
  meetLater(): readonly string[] {
    this.time.skipTo(this.time.nowMs + 1_200);
    for (let answer = 0; answer < 4; answer += 1) this.witness.heard(this.owner, this.server);
    this.witness.checkRival(LOCK, this.server, 'i2');
    return this.history.violations.map(({ rule }) => rule);
  }
}

const BROKEN = ['a lock that was let go is gone soon'];

describe('a lock that was let go and stands', () => {
  it('is excused where a message came once more after all answers to it and to the release', () => {
    const scene = new Scene();
    const heard = scene.send();
    scene.arrive();
    heard();
    scene.letGo();
    scene.releaseArrives();
    scene.arrive();
    scene.releaseIsConfirmed();
    expect(scene.meetLater()).toEqual([]);
  });

  it('is told where that message had no answer: its owner knows that it may come yet', () => {
    const scene = new Scene();
    scene.send();
    scene.arrive();
    scene.letGo();
    scene.releaseArrives();
    scene.arrive();
    scene.releaseIsConfirmed();
    expect(scene.meetLater()).toEqual(BROKEN);
  });

  it('is told where another message, sent a moment before, had no answer', () => {
    const scene = new Scene();
    const heard = scene.send();
    scene.arrive();
    heard();
    scene.send();
    scene.letGo();
    scene.releaseArrives();
    scene.arrive();
    scene.releaseIsConfirmed();
    expect(scene.meetLater()).toEqual(BROKEN);
  });

  it('is excused where that other message was refused for certain before the release', () => {
    const scene = new Scene();
    scene.send();
    scene.time.skipTo(scene.time.nowMs + 1_151);
    const heard = scene.send();
    scene.arrive();
    heard();
    scene.letGo();
    scene.releaseArrives();
    scene.arrive();
    scene.releaseIsConfirmed();
    expect(scene.meetLater()).toEqual([]);
  });

  it('is told where nobody has heard an answer to the release', () => {
    const scene = new Scene();
    const heard = scene.send();
    scene.arrive();
    heard();
    scene.letGo();
    scene.releaseArrives();
    scene.arrive();
    expect(scene.meetLater()).toEqual(BROKEN);
  });

  it('is told where the copy has only prolonged it', () => {
    const scene = new Scene();
    const heard = scene.send();
    scene.arrive();
    heard();
    scene.letGo();
    scene.arrive();
    scene.releaseIsConfirmed();
    expect(scene.meetLater()).toEqual(BROKEN);
  });
});
