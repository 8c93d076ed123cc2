import { reconnectDelayMs } from '../connection/reconnect-delay.js';

/** When an address that leads to a replica is looked up anew: after a failover at once, later now and then. */
export class ReplicaLeave {
  private left = 0;
  private leftMs = 0;

  /** @param nowMs monotonic */
  isDue(nowMs: number, random: number): boolean {
    if (this.left > 0 && nowMs - this.leftMs < reconnectDelayMs('refused', this.left - 1, random))
      return false;
    this.left += 1;
    this.leftMs = nowMs;
    return true;
  }

  reset(): void {
    this.left = 0;
  }
}
