/// <reference path="./redlock-package.d.ts" />
import * as redlockPackage from 'redlock';
import type { Bounded } from '../../protocol/time/within.js';
import { ACQUIRE_SCRIPT, EXTEND_SCRIPT } from '../scripts/lock-scripts.js';
import { RELEASE_SCRIPT } from '../scripts/release-script.js';

/**
 * What is used of the `redlock` package, whose own types name ioredis classes and are out of reach. One try each: `using()`
 * replaces the task's error, and its retries let two contenders block each other.
 */
export interface RedlockEngine {
  /** Resolves when a majority granted. Rejects when a majority did not; then it has released the others. */
  acquire(resources: string[], durationMs: number, settings: SingleTry): Promise<unknown>;
  extend(lock: EngineLock, durationMs: number, settings: SingleTry): Promise<unknown>;
  release(lock: EngineLock, settings: SingleTry): Promise<unknown>;
}

export interface EngineClient {
  evalsha(sha1: string, keyCount: number, keysAndArgs: readonly (string | number)[]): Promise<number>;
  eval(text: string, keyCount: number, keysAndArgs: readonly (string | number)[]): Promise<number>;
}

type SingleTry = typeof SINGLE_TRY;
declare const engineLock: unique symbol;
type EngineLock = { readonly [engineLock]: never };

/** Waiting for a holder, and for how long, is decided by the protocol. */
export const SINGLE_TRY = { retryCount: 0 } as const;

interface RedlockModule {
  readonly default: new (
    clients: Iterable<EngineClient>,
    settings: SingleTry,
    scripts: Readonly<Record<'acquireScript' | 'extendScript' | 'releaseScript', () => string>>,
  ) => RedlockEngine;
  readonly Lock: new (
    engine: RedlockEngine,
    resources: string[],
    value: string,
    attempts: readonly never[],
    expiration: number,
  ) => EngineLock;
}

const redlock = redlockPackage as unknown as RedlockModule;

/** The engine over our nodes and with our scripts. It emits an error per lost vote, to its own silent listener. */
export function createEngine(clients: readonly EngineClient[]): RedlockEngine {
  return new redlock.default(clients, SINGLE_TRY, {
    acquireScript: () => ACQUIRE_SCRIPT.text,
    extendScript: () => EXTEND_SCRIPT.text,
    releaseScript: () => RELEASE_SCRIPT.text,
  });
}

/** It refuses to extend what has expired by `Date.now()`, which steps: the caller's trust and the nodes decide that. */
export function engineLockOf(engine: RedlockEngine, group: string): EngineLock {
  return new redlock.Lock(engine, [group], OWN_VALUES, [], Number.MAX_SAFE_INTEGER);
}

/** The locks of a group have values of their own, which their messages bear. */
const OWN_VALUES = '-';

export type EngineEnd = 'for' | 'against' | 'unsettled';

export function settled(request: Promise<unknown>, bounded: Bounded): Promise<EngineEnd> {
  const end = request.then(
    () => 'for' as const,
    () => 'against' as const,
  );
  return bounded(end, 'unsettled');
}
