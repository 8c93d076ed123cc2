import { failureCode, NO_SENTINEL } from './failure-code.js';
import type { StrictClient } from './strict-client.js';

/** Behind a Sentinel that has answered, ioredis finds the end of its list, and calls all unreachable without asking one. */
export class SentinelRounds {
  private failed = false;

  constructor(client: StrictClient) {
    client.on('sentinelError', () => {
      this.failed = true;
    });
  }

  /** A Sentinel of the present round has not answered, or knows no such master. */
  get hasFailed(): boolean {
    return this.failed;
  }

  /** Ask once per error: the round ends with it. */
  isNews(error: unknown): boolean {
    if (failureCode(error) !== NO_SENTINEL) return true;
    const { hasFailed } = this;
    this.failed = false;
    return hasFailed;
  }
}
