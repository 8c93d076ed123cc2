/** The chains of runs that hold the locks of their tasks on this instance. */

import type { TickReport } from '../contract/outcome.js';
import type { RunChain } from './run-chain.js';

export class RunChains {
  private readonly chains = new Set<RunChain>();

  add(chain: RunChain): void {
    this.chains.add(chain);
  }

  delete(chain: RunChain): void {
    this.chains.delete(chain);
  }

  /** The chain that holds the task's lock here; of several, which only a lost lease leaves behind, the newest. */
  of(task: string): RunChain | undefined {
    return [...this.chains].findLast((chain) => chain.task.name === task);
  }

  /** A tick has ended here. */
  tickEnded({ task, tick, outcome }: TickReport): void {
    if (outcome === 'overlap') this.of(task)?.passed(tick);
  }
}
