/** The chains of runs that hold the locks of their tasks on this instance. */

import type { TickReport } from '../contract/outcome.js';
import type { RunChain } from './run-chain.js';

export class RunChains {
  /** By task: each tick of each task asks. Several only where a lost lease has left some behind, oldest first. */
  private readonly byTask = new Map<string, readonly RunChain[]>();

  add(chain: RunChain): void {
    const { name } = chain.task;
    this.byTask.set(name, [...(this.byTask.get(name) ?? []), chain]);
  }

  delete(chain: RunChain): void {
    const { name } = chain.task;
    const left = (this.byTask.get(name) ?? []).filter((one) => one !== chain);
    if (left.length === 0) this.byTask.delete(name);
    else this.byTask.set(name, left);
  }

  /** The chain that holds the task's lock here; of several the newest. */
  of(task: string): RunChain | undefined {
    return this.byTask.get(task)?.at(-1);
  }

  /** A tick has ended here. */
  tickEnded({ task, tick, outcome }: TickReport): void {
    if (outcome === 'overlap') this.of(task)?.passed(tick);
  }
}
