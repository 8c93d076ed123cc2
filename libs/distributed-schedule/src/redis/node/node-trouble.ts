import type { Clock } from '../../protocol/contract/ports.js';
import { type FailureCode, NOT_CONNECTED, TIMED_OUT, UNKNOWN } from '../connection/failure-code.js';
import type { CallFailure } from '../connection/node-call.js';
import type { Greeting } from '../connection/strict-connection.js';
import { HUNG_UP_LATER, isHangUp, type TroubleTerms, wordsOfTrouble } from '../connection/trouble-words.js';

export interface NodeTroubleParts extends TroubleTerms {
  readonly clock: Pick<Clock, 'monotonicMs'>;
}

/** What a connection says of its end when the cause has been said before. */
const VAGUE: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', UNKNOWN, TIMED_OUT]);

/** For this long a vague word does not hide a clear one, which may come with every second attempt only. */
const CLEAR_WORD_LASTS_MS = 15_000;

const LATE_REPLY_LASTS_MS = 10_000;

export class NodeTrouble {
  private failure: CallFailure | undefined;
  private notedMs = 0;
  /** A connection is being opened, and nothing was said of it. */
  private isAttempt = true;
  /** A connection has stood before: address, port and TLS are right. */
  private hasStood = false;
  private late: { readonly tookMs: number; readonly atMs: number } | undefined;

  constructor(private readonly parts: NodeTroubleParts) {}

  /** No host name, no secret. Undefined: nothing is wrong, or nothing is known yet. */
  get why(): string | undefined {
    if (this.failure === undefined) return undefined;
    if (this.hasStood && isHangUp(this.failure.code)) return HUNG_UP_LATER;
    return wordsOfTrouble(this.failure, this.parts, this.lateMs());
  }

  note(code: FailureCode, otherVersion?: number): void {
    // That there is no connection is no cause.
    if (code === NOT_CONNECTED) return;
    this.isAttempt = false;
    const nowMs = this.parts.clock.monotonicMs();
    const isClear = this.failure !== undefined && !VAGUE.has(this.failure.code);
    if (isClear && VAGUE.has(code) && nowMs - this.notedMs < CLEAR_WORD_LASTS_MS) return;
    // The socket of a slow node is given up, and what its end says is no news.
    if (this.failure?.code === TIMED_OUT && this.lateMs() !== undefined && VAGUE.has(code)) return;
    this.failure = { code, ...(otherVersion !== undefined && { otherVersion }) };
    this.notedMs = nowMs;
  }

  answeredLate(tookMs: number): void {
    this.late = { tookMs, atMs: this.parts.clock.monotonicMs() };
  }

  connected(): void {
    this.isAttempt = false;
    this.hasStood = true;
  }

  /** A connection has ended. One that was of no use and has ended without any error is news. */
  hungUp(): void {
    if (this.isAttempt) this.note('ECONNRESET');
    this.isAttempt = true;
  }

  greeted({ tookMs, code }: Greeting): void {
    if (code !== undefined) this.note(code);
    if (tookMs > this.parts.nodeTimeoutMs) this.answeredLate(tookMs);
  }

  clear(): void {
    this.failure = undefined;
  }

  private lateMs(): number | undefined {
    if (this.late === undefined) return undefined;
    const { tookMs, atMs } = this.late;
    return this.parts.clock.monotonicMs() - atMs > LATE_REPLY_LASTS_MS ? undefined : tookMs;
  }
}
