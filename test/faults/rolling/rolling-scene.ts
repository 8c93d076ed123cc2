/**
 * Masters that are restarted one after the other while handlers run: what a cluster's upgrade does. Two instances in this process, each
 * a Nest application with its own connections; a task for each duration, due every second, whose run is told when it loses its lease.
 */

import 'reflect-metadata';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  DistributedScheduleModule,
  EverySecondExclusive,
  LeaseLostError,
  type TickContext,
} from 'nestjs-distributed-schedule';
import type { RedisServer } from '../../support/server-process.js';

const INSTANCES = 2;

export interface Run {
  readonly durationMs: number;
  readonly tick: number;
  /** Why the lease was lost; undefined where it was not. */
  readonly lost?: string;
}

export interface RollingScene {
  /** Those that have ended. */
  readonly runs: readonly Run[];
  /** Durations of the handlers that run now. */
  running(): readonly number[];
  /** Lets the runs end and the instances with them. */
  close(): Promise<void>;
}

export async function openRollingScene(
  servers: readonly RedisServer[],
  durationsMs: readonly number[],
): Promise<RollingScene> {
  const runs: Run[] = [];
  const running = new Set<{ readonly durationMs: number }>();
  const redis = servers.map(({ url }) => url);

  async function run(durationMs: number, { tick, signal }: TickContext): Promise<void> {
    const current = { durationMs };
    running.add(current);
    await sleep(durationMs, undefined, { signal }).catch(() => undefined);
    running.delete(current);
    const isLost = signal.reason instanceof LeaseLostError;
    // An end of the scene aborts too, and is no loss.
    if (signal.aborted && !isLost) return;
    runs.push({ durationMs, tick, ...(isLost && { lost: (signal.reason as Error).message }) });
  }

  function moduleOf(): new () => unknown {
    class Chores {}
    for (const durationMs of durationsMs) {
      const method = `runs for ${durationMs} ms`;
      const descriptor = {
        value: (tick: TickContext) => run(durationMs, tick),
        configurable: true,
        writable: true,
      };
      Object.defineProperty(Chores.prototype, method, descriptor);
      EverySecondExclusive({ name: method })(Chores.prototype, method, descriptor);
    }
    Injectable()(Chores);
    class SceneModule {}
    const schedule = DistributedScheduleModule.forRoot({ redis, app: 'rolling', namespace: 'rolling' });
    Module({ imports: [schedule], providers: [Chores] })(SceneModule);
    return SceneModule;
  }

  const apps = await Promise.all(
    Array.from({ length: INSTANCES }, () =>
      NestFactory.createApplicationContext(moduleOf(), { logger: false, abortOnError: false }),
    ),
  );
  return {
    runs,
    running: () => [...running].map(({ durationMs }) => durationMs),
    close: async () => {
      await Promise.all(apps.map((app) => app.close()));
    },
  };
}

/** One after the other, with so much time in between. */
export async function restartInTurn(
  servers: readonly RedisServer[],
  pauseMs: number,
  restart: (server: RedisServer) => Promise<void>,
): Promise<void> {
  for (const server of servers) {
    await restart(server);
    await sleep(pauseMs);
  }
}
