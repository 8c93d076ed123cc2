/** Real masters and real processes with one task, and the story of their starts. */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ExclusiveTaskOptions } from 'nestjs-distributed-schedule';
import { type RedisServer, startRedis } from '../../support/redis-server.js';
import type { PolicyMessage, PolicyPlan, WorkCommand } from './policy-replica.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const REPLICA = fileURLToPath(new URL('./policy-replica.ts', import.meta.url));

export type StartMessage = Extract<PolicyMessage, { type: 'start' }>;

export class PolicyStage {
  readonly starts: StartMessage[] = [];
  readonly outcomes: (Extract<PolicyMessage, { type: 'outcome' }> & { readonly instanceId: string })[] = [];
  readonly stuck: (Extract<PolicyMessage, { type: 'stuck' }> & { readonly instanceId: string })[] = [];
  readonly lost: (Extract<PolicyMessage, { type: 'lost' }> & { readonly instanceId: string })[] = [];
  readonly aborted: Extract<PolicyMessage, { type: 'aborted' }>[] = [];
  private readonly replicas = new Map<string, ChildProcess>();
  private waiting: { readonly isMet: () => boolean; readonly resolve: () => void }[] = [];
  private workMs: WorkCommand['workMs'] = 0;
  private joined = 0;

  private constructor(
    private readonly masters: readonly RedisServer[],
    private readonly periodMs: number,
    private readonly options: ExclusiveTaskOptions,
  ) {}

  static async open(replicas: number, periodMs: number, options: ExclusiveTaskOptions): Promise<PolicyStage> {
    const masters = await Promise.all([startRedis(), startRedis(), startRedis()]);
    const stage = new PolicyStage(masters, periodMs, options);
    await Promise.all(Array.from({ length: replicas }, () => stage.join()));
    // New masters abstain for one time to live at first.
    await stage.until(() => stage.starts.length >= 2);
    return stage;
  }

  async join(): Promise<void> {
    this.joined += 1;
    const instanceId = `replica-${this.joined}`;
    const { periodMs, options } = this;
    const plan: PolicyPlan = { instanceId, redis: this.masters.map(({ url }) => url), periodMs, options };
    const child = fork(REPLICA, [JSON.stringify(plan)], {
      cwd: ROOT,
      execArgv: ['--import', './scripts/typescript.mjs'],
    });
    this.replicas.set(instanceId, child);
    let isReady = false;
    child.on('message', (message: PolicyMessage) => {
      if (message.type === 'ready') isReady = true;
      if (message.type === 'start') this.starts.push(message);
      if (message.type === 'outcome') this.outcomes.push({ ...message, instanceId });
      if (message.type === 'stuck') this.stuck.push({ ...message, instanceId });
      if (message.type === 'lost') this.lost.push({ ...message, instanceId });
      if (message.type === 'aborted') this.aborted.push(message);
      this.look();
    });
    child.once('exit', () => this.look());
    child.send({ workMs: this.workMs } satisfies WorkCommand);
    await this.until(() => isReady || child.exitCode !== null);
    if (!isReady) throw new Error(`${instanceId} ended with ${child.exitCode} before it was ready`);
  }

  /** How long handlers work from their next start on. */
  work(workMs: WorkCommand['workMs']): void {
    this.workMs = workMs;
    for (const child of this.replicas.values())
      if (child.connected) child.send({ workMs } satisfies WorkCommand);
  }

  async kill(instanceId: string, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.replicas.get(instanceId);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }

  async killAll(): Promise<void> {
    await Promise.all([...this.replicas.keys()].map((instanceId) => this.kill(instanceId)));
  }

  /** Resolves when messages have made `isMet` true. */
  until(isMet: () => boolean): Promise<void> {
    if (isMet()) return Promise.resolve();
    return new Promise((resolve) => {
      this.waiting.push({ isMet, resolve });
    });
  }

  /** The next start that a handler tells, from now on. */
  async nextStart(): Promise<StartMessage> {
    const count = this.starts.length;
    await this.until(() => this.starts.length > count);
    const start = this.starts[count];
    if (start === undefined) throw new Error('no start');
    return start;
  }

  startsSince(tick: number): readonly StartMessage[] {
    return this.starts.filter((start) => start.tick >= tick);
  }

  async close(): Promise<void> {
    await this.killAll();
    await Promise.all(this.masters.map((master) => master.stop()));
  }

  private look(): void {
    this.waiting = this.waiting.filter(({ isMet, resolve }) => {
      if (!isMet()) return true;
      resolve();
      return false;
    });
  }
}
