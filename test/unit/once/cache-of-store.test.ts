import { beforeEach, describe, expect, it } from 'vitest';
import { CacheOfStore } from '#src/once/cache-of-store.js';
import { runOnce } from '#src/once/run-once.js';
import type { IdentityReply, Snapshot, SnapshotCache } from '#src/once/snapshot-store.js';
import { sha256Hex } from '#src/tasks/sha256.js';
import { type OnceStage, onceStage, TestCache } from './broken-store.js';

const JOB_ID = '0123456789abcdef0123456789abcdef';
const SUCCESS: Snapshot = {
  ...{ jobId: JOB_ID, status: 'success', attempt: 1, output: { digest: 'd', json: '7' } },
  ...{ begunAtUs: 1, updatedAtUs: 2 },
};
const SILENT: IdentityReply = { answered: false, reason: 'ECONNREFUSED' };

/** A store of which only the identity matters. */
class NamedStore {
  asked = 0;
  /** Answers when it is told to. */
  held: Promise<void> | undefined;

  constructor(public identity: string | undefined) {}

  readonly identify = async (): Promise<IdentityReply> => {
    this.asked += 1;
    const { identity } = this;
    await this.held;
    return identity === undefined ? SILENT : { answered: true, identity };
  };
}

let stage: OnceStage;
let cache: TestCache;
beforeEach(() => {
  stage = onceStage();
  cache = new TestCache();
});

const over = (store: Pick<NamedStore, 'identify'> | object, inner: SnapshotCache = cache): CacheOfStore =>
  new CacheOfStore({ store, cache: inner, clock: stage.clock, digest: sha256Hex });
const publish = async (one: CacheOfStore): Promise<void> => {
  const call = one.forCall();
  await call.read(JOB_ID);
  await call.publish(SUCCESS);
};
const read = (one: CacheOfStore): Promise<Snapshot | undefined> => one.forCall().read(JOB_ID);

describe('the cache of a store', () => {
  it('answers with what was published of this very store, and of no other one', async () => {
    const [a, b] = [over(new NamedStore('a')), over(new NamedStore('b'))];
    await publish(a);
    expect(await read(a)).toEqual(SUCCESS);
    expect(await read(over(new NamedStore('a')))).toEqual(SUCCESS);
    expect(await read(b)).toBeUndefined();
    expect(cache.published.map(({ jobId }) => jobId)).not.toContain(JOB_ID);
  });

  it('answers for 5 s at most with what the store has forgotten', async () => {
    const store = new NamedStore('before the restore');
    const one = over(store);
    await publish(one);
    store.identity = 'after the restore';
    stage.clock.jump(2_400);
    expect(await read(one)).toEqual(SUCCESS);
    // The look from here on asks beside the call.
    stage.clock.jump(2_500);
    expect(await read(one)).toEqual(SUCCESS);
    expect(await read(one)).toBeUndefined();
    stage.clock.jump(60_000);
    expect(await read(one)).toBeUndefined();
  });

  it('counts the 5 s from the question, however late its answer comes', async () => {
    const store = new NamedStore('a');
    const one = over(store);
    let answer = (): void => {};
    store.held = new Promise((resolve) => {
      answer = resolve;
    });
    const call = one.forCall();
    const reading = call.read(JOB_ID);
    stage.clock.jump(900);
    answer();
    await reading;
    await call.publish(SUCCESS);
    store.identity = undefined;
    stage.clock.jump(4_050);
    expect(await read(one)).toEqual(SUCCESS);
    stage.clock.jump(100);
    expect(await read(one)).toBeUndefined();
  });

  it('asks the store once for all calls, and not again while it has just been asked', async () => {
    const store = new NamedStore('a');
    const one = over(store);
    await Promise.all(Array.from({ length: 20 }, () => read(one)));
    stage.clock.jump(2_000);
    await read(one);
    expect(store.asked).toBe(1);
    stage.clock.jump(1_000);
    await read(one);
    expect(store.asked).toBe(2);
  });

  it('is passed by where the store does not say which it is, and waits for it a second at most', async () => {
    const store = new NamedStore('a');
    const one = over(store);
    await publish(one);
    stage.clock.jump(10_000);
    store.held = new Promise(() => {});
    const reading = read(one);
    await stage.clock.advance(1_000);
    expect(await reading).toBeUndefined();
    const failing = over({ identify: () => Promise.reject(new Error('no such table')) });
    await publish(failing);
    expect(await read(failing)).toBeUndefined();
    expect(cache.published).toHaveLength(1);
  });

  it('keeps nothing of a store that cannot say which it is', async () => {
    const one = over({});
    await publish(one);
    expect(cache.published).toEqual([]);
    expect(await one.forget(JOB_ID)).toMatchObject({ forgotten: false });
  });

  it('publishes for the store that it has asked before the attempt: one asked later may have forgotten the success', async () => {
    const store = new NamedStore('before');
    const one = over(store);
    const call = one.forCall();
    await call.read(JOB_ID);
    store.identity = 'after';
    stage.clock.jump(10_000);
    expect(await read(one)).toBeUndefined();
    await call.publish(SUCCESS);
    expect(await read(one)).toBeUndefined();
  });

  it('forgets what was published', async () => {
    const one = over(new NamedStore('a'));
    await publish(one);
    expect(await one.forget(JOB_ID)).toEqual({ forgotten: true });
    expect(await read(one)).toBeUndefined();
  });

  it.each<[string, object | string | null]>([
    ['nothing', null],
    ['a text', 'success'],
    ['no success', { status: 'failed' }],
    ['another job', { jobId: 'f'.repeat(32) }],
    ['no attempt', { attempt: undefined }],
    ['a text in place of a number', { updatedAtUs: '2' }],
    ['an output that is none', { output: 7 }],
    ['an output of which the end is missing', { output: { digest: 'd', json: '{"sum":' } }],
    ['an output that is no text', { output: { digest: 'd', json: 7 } }],
    ['an input without an end', { input: { digest: 'd', json: '[1' } }],
  ])('finds nothing where it has kept %s', async (_, broken) => {
    class Broken extends TestCache {
      override async read(jobId: string): Promise<Snapshot | undefined> {
        const whole = { ...SUCCESS, jobId };
        return (typeof broken === 'object' && broken !== null ? { ...whole, ...broken } : broken) as never;
      }
    }
    expect(await read(over(new NamedStore('a'), new Broken()))).toBeUndefined();
  });

  it('is no hindrance where it throws', async () => {
    class Throwing extends TestCache {
      override read = () => Promise.reject(new Error('no cache'));
      override publish = () => Promise.reject(new Error('no cache'));
    }
    const one = over(new NamedStore('a'), new Throwing());
    expect(await read(one)).toBeUndefined();
    await publish(one);
  });
});

it('a success that a crash may take back is not published', async () => {
  const job = { jobId: JOB_ID };
  stage.store.nextEnds = [{ kind: 'written', snapshot: SUCCESS, isVolatile: true }];
  expect(await runOnce(stage.parts, job, () => 7)).toMatchObject({ kind: 'ran' });
  expect(stage.cache.published).toEqual([]);
});
