import { type FailureCode, NOT_CONNECTED } from './failure-code.js';
import { QUICK_TRIES, type ReconnectCause, reconnectCauseOf, reconnectDelayMs } from './reconnect-delay.js';

/** One that ends sooner was in vain: confirmed and ended again and again, it would be opened fifty times a second. */
const LASTING_MS = 2_000;

/** How often in a row a connection was of no use, and why. All instants are monotonic. */
export class VainTries {
  private tries = 0;
  private isLeft = false;
  /** How many of them were of use, though not for long. */
  private shortLived = 0;
  private cause: ReconnectCause = 'unreachable';
  /** The server has refused us, and was there at every try since then. */
  private isRefusing = false;
  /** A word about the present attempt. Without one, a connection that stood has ended without a word. */
  private isNoted = false;
  private isStanding = false;
  private usefulSinceMs: number | undefined;

  get count(): number {
    return this.tries;
  }

  isFlapping(nowMs: number): boolean {
    return this.shortLived > QUICK_TRIES && this.lastedMs(nowMs) < LASTING_MS;
  }

  connected(): void {
    this.isStanding = true;
  }

  note(code: FailureCode): void {
    if (code === NOT_CONNECTED) return;
    const cause = reconnectCauseOf(code);
    // A refusal is the clearest word; what the end of the socket says after another one is no news.
    if (this.isNoted && (this.cause === 'refused' || cause === 'mute')) return;
    this.isNoted = true;
    this.cause = cause;
  }

  /** It does what it is for: an answer to a script, a subscription. */
  succeeded(nowMs: number): void {
    this.usefulSinceMs ??= nowMs;
  }

  /** We end a connection that does what it is for: another one is no try after one in vain. */
  leave(): void {
    this.isLeft = this.usefulSinceMs !== undefined;
  }

  ended(nowMs: number): void {
    // The end of a connection that was of use is no try: the first try comes after it.
    if (this.isLeft || this.lastedMs(nowMs) >= LASTING_MS) {
      this.tries = 0;
      this.shortLived = 0;
    } else {
      this.tries += 1;
      if (this.usefulSinceMs !== undefined) this.shortLived += 1;
    }
    if (!this.isNoted)
      this.cause = this.isStanding && this.usefulSinceMs === undefined ? 'mute' : 'unreachable';
    this.rememberRefusal();
    this.isLeft = false;
    this.isNoted = false;
    this.isStanding = false;
    this.usefulSinceMs = undefined;
  }

  /** Only somebody who was gone in between may take us now: one who hangs up, or falls silent, before the word has no new answer. */
  private rememberRefusal(): void {
    const isOfUse = this.usefulSinceMs !== undefined;
    const isGone = this.cause === 'unreachable' && !this.isStanding;
    this.isRefusing = this.cause === 'refused' || (this.isRefusing && !isOfUse && !isGone);
    if (this.isRefusing) this.cause = 'refused';
  }

  delayMs(random: number, connectionsPerTry: number): number {
    return reconnectDelayMs(this.cause, this.tries, random, connectionsPerTry);
  }

  private lastedMs(nowMs: number): number {
    return this.usefulSinceMs === undefined ? 0 : nowMs - this.usefulSinceMs;
  }
}
