import { Inject, Injectable, type Provider } from '@nestjs/common';
import {
  EverySecondExclusive,
  IdempotentExecutionModule,
  type IdempotentExecutionOptions,
  IdempotentExecutor,
  memorySnapshots,
  type TickContext,
} from 'nestjs-distributed-schedule';
import { describe, expect, it } from 'vitest';
import { runInTick } from '#src/system/current-tick.js';
import { bootApp, bootError, bootWith } from '../nest/nest-app.js';

const KEY = '0123456789abcdef0123456789abcdef';

async function bootExecutor(options: Partial<IdempotentExecutionOptions> = {}): Promise<IdempotentExecutor> {
  const module = IdempotentExecutionModule.forRoot({ store: memorySnapshots(), ...options });
  return (await bootWith({ imports: [module] })).app.get(IdempotentExecutor);
}

const tickOf = (given: Partial<TickContext>): TickContext =>
  ({ idempotencyKey: KEY, fencingToken: 10, signal: new AbortController().signal, ...given }) as TickContext;

/** What others do while an effect goes on; called in it, they would be part of it. */
function besides(work: () => Promise<void>): { readonly finish: () => Promise<void> } {
  let begin = (): void => undefined;
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const done = begun.then(work);
  return {
    finish: () => {
      begin();
      return done;
    },
  };
}

describe('the executor', () => {
  it('runs an effect once per key and answers with its output from then on', async () => {
    const once = await bootExecutor();
    expect(once.isTransactional).toBe(false);
    let runs = 0;
    const effect = () => ({ runs: ++runs });
    expect(await once.runOnce('order 17', effect)).toMatchObject({ kind: 'ran', output: { runs: 1 } });
    expect(await once.runOnce('order 17', effect)).toMatchObject({ kind: 'replayed', output: { runs: 1 } });
    expect(await once.runOnce('order 18', effect)).toMatchObject({ kind: 'ran', output: { runs: 2 } });
  });

  it('tells the parts of one key apart', async () => {
    const once = await bootExecutor();
    await once.runOnce(KEY, () => 'whole');
    expect(await once.runOnce(KEY, () => 'a', { part: 'a' })).toMatchObject({ kind: 'ran', output: 'a' });
    expect(await once.runOnce(KEY, () => 'b', { part: 'b' })).toMatchObject({ kind: 'ran', output: 'b' });
  });

  it('does not answer a second effect of a run with the result of the first one', async () => {
    const once = await bootExecutor();
    await runInTick(tickOf({ task: 'settle' }), async () => {
      await once.runOnce(KEY, () => 'fees');
      await expect(once.runOnce(KEY, () => 'interest')).rejects.toMatchObject({
        code: 'DSCHED_KEY_REUSED',
        task: 'settle',
        message: expect.stringContaining('{ part }'),
      });
      expect(await once.runOnce(KEY, () => 'interest', { part: 'interest' })).toMatchObject({ kind: 'ran' });
    });
    // In another run it is another version of the code, or the same.
    await runInTick(tickOf({}), async () => {
      expect(await once.runOnce(KEY, () => 'interest')).toMatchObject({ kind: 'replayed', output: 'fees' });
    });
  });

  it('takes a helper that is called twice in a run for one effect', async () => {
    const once = await bootExecutor();
    const settle = () => once.runOnce(KEY, () => 'fees');
    await runInTick(tickOf({}), async () => {
      expect([(await settle()).kind, (await settle()).kind]).toEqual(['ran', 'replayed']);
    });
  });

  it.each(['cut \ud83d', '\ude00 cut', '\ud83dx\ude00'])(
    'refuses the key %j, which is one with others in UTF-8',
    async (key) => {
      const once = await bootExecutor();
      await expect(once.runOnce(key, () => 1)).rejects.toMatchObject({ code: 'DSCHED_BAD_KEY' });
      await expect(once.runOnce('k', () => 1, { part: key })).rejects.toMatchObject({
        code: 'DSCHED_BAD_KEY',
      });
    },
  );

  it('tells keys apart that differ in case only, and takes any whole character', async () => {
    const once = await bootExecutor();
    const ids = await Promise.all(
      ['order \u{1f600}', 'ORDER \u{1f600}'].map(
        async (key) => (await once.runOnce(key, () => key)).snapshot.jobId,
      ),
    );
    expect(new Set(ids).size).toBe(2);
  });

  it('makes the id of a job of its namespace and any key, that of a tick and one that looks like it too', async () => {
    const once = await bootExecutor();
    const idOf = async (executor: IdempotentExecutor, key: string) =>
      (await executor.runOnce(key, () => 1)).snapshot.jobId;
    const other = await bootExecutor({ namespace: 'other' });
    for (const key of [KEY, 'order 17']) {
      expect(await idOf(once, key)).toMatch(/^[0-9a-f]{32}$/);
      expect(await idOf(once, key)).not.toBe(key);
      expect(await idOf(other, key)).not.toBe(await idOf(once, key));
    }
    expect(await once.snapshot('order 17')).toMatchObject({ status: 'success' });
    expect(await once.snapshot('order 19')).toBeUndefined();
  });

  it('throws while another attempt is at it, and answers so where that is asked for', async () => {
    const once = await bootExecutor();
    const others = besides(async () => {
      await expect(once.runOnce(KEY, () => 'other')).rejects.toMatchObject({ code: 'DSCHED_JOB_PENDING' });
      expect(await once.tryRunOnce(KEY, () => 'other')).toMatchObject({ kind: 'pending' });
    });
    await once.runOnce(KEY, others.finish);
  });

  it('says of a job inside its own effect that it would wait for itself', async () => {
    const once = await bootExecutor();
    const inner = () => once.runOnce('between', () => once.tryRunOnce(KEY, () => 'inner'));
    const outer = once.runOnce(KEY, inner);
    await expect(outer).rejects.toMatchObject({ code: 'DSCHED_JOB_NESTED', value: KEY });
    expect(await once.runOnce(KEY, () => 'later')).toMatchObject({ kind: 'ran' });
  });

  it('uses the token of the current tick for that tick’s key, and for no other', async () => {
    const once = await bootExecutor();
    const inTick = <T>(tick: Partial<TickContext>, work: () => Promise<T>) =>
      runInTick(tickOf(tick), work) as Promise<T>;
    const others = besides(async () => {
      await expect(inTick({}, () => once.runOnce(KEY, () => 1))).rejects.toMatchObject({
        code: 'DSCHED_JOB_SUPERSEDED',
      });
    });
    await inTick({ fencingToken: 11 }, async () => {
      const verdict = await once.runOnce(KEY, others.finish);
      expect(verdict.snapshot.fencingToken).toBe(11);
      expect((await once.runOnce('order 17', () => 1)).snapshot.fencingToken).toBeUndefined();
      expect((await once.runOnce(KEY, () => 1, { part: 'a' })).snapshot.fencingToken).toBe(11);
    });
  });

  it('does not begin in a run that has been told to end', async () => {
    const once = await bootExecutor();
    const signal = AbortSignal.abort(new Error('lease lost'));
    const running = runInTick(tickOf({ signal }), () => once.runOnce(KEY, () => 1));
    await expect(running).rejects.toThrow('lease lost');
    expect(await once.snapshot(KEY)).toBeUndefined();
  });

  it('refuses an option that does not exist, with which two effects would be one job', async () => {
    const once = await bootExecutor();
    const misspelt = { parts: 'a' } as object;
    await expect(once.runOnce(KEY, () => 1, misspelt)).rejects.toMatchObject({
      code: 'DSCHED_UNKNOWN_OPTION',
      message: expect.stringContaining("Did you mean 'part'?"),
    });
    await expect(once.tryRunOnce(KEY, () => 1, misspelt)).rejects.toMatchObject({
      code: 'DSCHED_UNKNOWN_OPTION',
    });
    expect(await once.snapshot(KEY)).toBeUndefined();
  });

  it.each([['7'], [1.5], [-1], [Number.NaN], [null]])(
    'refuses the fencing token %o',
    async (fencingToken) => {
      const once = await bootExecutor();
      const options = { fencingToken: fencingToken as number };
      await expect(once.runOnce(KEY, () => 1, options)).rejects.toMatchObject({
        code: 'DSCHED_BAD_OPTION',
        message: expect.stringContaining('option fencingToken is no fencing token'),
      });
    },
  );

  it.each([undefined, null, 'UPDATE account'])('refuses %o in place of an effect', async (effect) => {
    const once = await bootExecutor();
    await expect(once.runOnce(KEY, effect as never)).rejects.toMatchObject({
      code: 'DSCHED_BAD_OPTION',
      message: expect.stringContaining('the effect of runOnce is'),
    });
    expect(await once.snapshot(KEY)).toBeUndefined();
  });

  it.each([['a'], [null], [[]]])('refuses %o in place of the options', async (options) => {
    const once = await bootExecutor();
    await expect(once.runOnce(KEY, () => 1, options as never)).rejects.toMatchObject({
      code: 'DSCHED_BAD_OPTION',
    });
  });

  it('refuses a signal that is none', async () => {
    const once = await bootExecutor();
    const options = { signal: new AbortController() as never };
    await expect(once.runOnce(KEY, () => 1, options)).rejects.toMatchObject({ code: 'DSCHED_BAD_OPTION' });
  });

  it('answers with JSON when it answers from a snapshot, and with nothing where the output has none', async () => {
    const once = await bootExecutor();
    const at = new Date(0);
    expect(await once.runOnce('dated', () => ({ at }))).toMatchObject({ kind: 'ran', output: { at } });
    expect(await once.runOnce('dated', () => ({ at }))).toMatchObject({
      kind: 'replayed',
      output: { at: '1970-01-01T00:00:00.000Z' },
    });
    expect(await once.runOnce('large', () => 17n)).toMatchObject({ kind: 'ran', output: 17n });
    const replayed = await once.runOnce('large', () => 17n);
    expect(replayed.kind).toBe('replayed');
    expect(replayed.output).toBeUndefined();
  });

  it.each([[''], ['x'.repeat(513)], [undefined], [17], [null]])('refuses the key %o', async (key) => {
    const once = await bootExecutor();
    await expect(once.runOnce(key as string, () => 1)).rejects.toMatchObject({ code: 'DSCHED_BAD_KEY' });
    if (key === undefined) return;
    await expect(once.runOnce(KEY, () => 1, { part: key as string })).rejects.toMatchObject({
      code: 'DSCHED_BAD_KEY',
    });
  });
});

describe('the module of the executor', () => {
  it('serves exclusive methods of any module', async () => {
    @Injectable()
    class Settlement {
      done: Promise<string>;
      private finish: (kind: string) => void = () => {};

      constructor(@Inject(IdempotentExecutor) private readonly once: IdempotentExecutor) {
        this.done = new Promise((resolve) => {
          this.finish = resolve;
        });
      }

      @EverySecondExclusive({ name: 'settle' })
      async settle(tick: TickContext): Promise<void> {
        const { kind, snapshot } = await this.once.runOnce(tick.idempotencyKey, () => 'settled');
        this.finish(`${kind} ${snapshot.fencingToken === tick.fencingToken}`);
      }
    }
    const { app } = await bootApp({
      imports: [IdempotentExecutionModule.forRoot({ store: memorySnapshots() })],
      providers: [Settlement],
    });
    expect(await app.get(Settlement).done).toBe('ran true');
  });

  it('takes its options from a factory, with what that injects', async () => {
    const token: Provider = { provide: 'namespace', useValue: 'shop' };
    class Settings {}
    const module = IdempotentExecutionModule.forRootAsync({
      imports: [{ module: Settings, providers: [token], exports: ['namespace'] }],
      inject: ['namespace'],
      useFactory: async (namespace: string) => ({ store: memorySnapshots(), namespace }),
    });
    const { app } = await bootWith({ imports: [module] });
    const other = await bootExecutor({ namespace: 'other' });
    const jobs = await Promise.all(
      [app.get(IdempotentExecutor), other].map((one) => one.runOnce('k', () => 1)),
    );
    expect(new Set(jobs.map(({ snapshot }) => snapshot.jobId)).size).toBe(2);
  });

  it('closes store and cache with the application', async () => {
    const closed: string[] = [];
    const store = memorySnapshots().open({ clock: { wallMs: () => 0 } } as never);
    const module = IdempotentExecutionModule.forRoot({
      store: { open: () => Object.assign(store, { close: async () => closed.push('store') }) as never },
      cache: { open: () => ({ close: async () => closed.push('cache') }) as never },
      ...{ namespace: 'shop', app: 'shop' },
    });
    const { app } = await bootWith({ imports: [module] });
    await app.close();
    expect(closed.sort()).toEqual(['cache', 'store']);
  });

  it.each<[string, object, string]>([
    ['an option that does not exist', { stor: 1 }, 'DSCHED_UNKNOWN_OPTION'],
    ['no store', { store: undefined }, 'DSCHED_BAD_OPTION'],
    ['an URL for a store', { store: 'postgres://me:hush@host' }, 'DSCHED_BAD_OPTION'],
    ['a cache that is none', { cache: {} }, 'DSCHED_BAD_OPTION'],
    ['null', { namespace: null }, 'DSCHED_BAD_OPTION'],
    ['more than a tenth of jitter', { patience: { jitter: 0.2 } }, 'DSCHED_BAD_OPTION'],
    ['a base above its cap', { patience: { baseMs: 10, capMs: 5 } }, 'DSCHED_DURATIONS'],
    ['half a character', { mostKeptChars: 0.5 }, 'DSCHED_BAD_OPTION'],
  ])('does not boot with %s', async (_, given, code) => {
    const error = await bootError(bootExecutor(given));
    expect(error).toMatchObject({ code });
    expect(error.message).not.toContain('hush');
  });
});
