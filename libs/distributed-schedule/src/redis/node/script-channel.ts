import type { Clock, NodeReply, TimeSample } from '../../protocol/contract/ports.js';
import { type FailureCode, MALFORMED, shownReason, TIMED_OUT } from '../connection/failure-code.js';
import { type CallFailure, type CallResult, callWithin } from '../connection/node-call.js';
import { Silence } from '../connection/silence.js';
import type { StrictConnection } from '../connection/strict-connection.js';
import type { RedisScript } from '../scripts/redis-scripts.js';
import { sendScript } from '../scripts/script-message.js';
import type { NodeTrouble } from './node-trouble.js';

export interface ScriptChannelParts {
  readonly connection: StrictConnection;
  readonly clock: Clock;
  readonly waitReplicas: number;
  /** Told how long each answer took, in time or not. */
  readonly onAnswer?: (tookMs: number) => void;
  readonly onTimeSample: (sample: Omit<TimeSample, 'node'>) => void;
  readonly trouble?: NodeTrouble;
}

export type ScriptReply = NodeReply<readonly unknown[]>;

/** The same, with a code in place of a reason that is made to be shown. */
export type CodedReply =
  | Extract<ScriptReply, { answered: true }>
  | ({ readonly answered: false } & CallFailure);

/** WAIT should end before our own timeout does; the server may be a tenth of a second late with it. */
const WAIT_SHARE = 0.5;

export class ScriptChannel {
  private readonly silence = new Silence();
  private failing = false;

  constructor(private readonly parts: ScriptChannelParts) {
    // How long the server took to confirm is the first that is known of how late it is.
    parts.connection.onConfirmed((tookMs) => this.silence.heardLate(tookMs, parts.clock.monotonicMs()));
  }

  get isFailing(): boolean {
    return this.failing;
  }

  async run(...message: Parameters<ScriptChannel['ask']>): Promise<ScriptReply> {
    const reply = await this.ask(...message);
    if (reply.answered) return reply;
    const { code, ...failure } = reply;
    return { ...failure, reason: shownReason(code) };
  }

  async ask(
    script: RedisScript,
    keys: readonly string[],
    args: readonly string[],
    deadlineMs: number,
  ): Promise<CodedReply> {
    // A pause only where there is something to ask: a confirmed connection sends at once.
    const unconfirmed = this.parts.connection.isConfirmed ? undefined : await this.confirm(deadlineMs);
    if (unconfirmed !== undefined) return { answered: false, code: unconfirmed };
    const sentMs = this.parts.clock.monotonicMs();
    let result = await this.send(script, keys, args, deadlineMs, true);
    if (!result.ok && result.code === 'NOSCRIPT') {
      // A server that was restarted or told SCRIPT FLUSH. The text loads the script for the next call.
      result = await this.send(script, keys, args, deadlineMs, false);
    }
    this.failing = !result.ok;
    if (result.ok) {
      this.parts.trouble?.clear();
      this.parts.connection.succeeded();
    } else {
      this.parts.trouble?.note(result.code, result.otherVersion);
    }
    this.listen(script, result, sentMs);
    if (result.ok) return this.read(result);
    const { ok, ...failure } = result;
    return { answered: false, ...failure };
  }

  private send(
    script: RedisScript,
    keys: readonly string[],
    args: readonly string[],
    deadlineMs: number,
    isByHash: boolean,
  ): Promise<CallResult> {
    const { clock, connection, waitReplicas, trouble, onAnswer } = this.parts;
    const remainingMs = deadlineMs - clock.monotonicMs();
    const send = (): Promise<unknown> =>
      sendScript(connection, script, keys, args, {
        isByHash,
        waitReplicas: this.isWaiting(script) ? waitReplicas : 0,
        waitMs: Math.max(1, Math.floor(remainingMs * WAIT_SHARE)),
      });
    return callWithin(clock, deadlineMs, send, (tookMs) => {
      trouble?.answeredLate(tookMs);
      onAnswer?.(tookMs);
      connection.succeeded();
      this.silence.heardLate(tookMs, clock.monotonicMs());
    });
  }

  private isWaiting(script: RedisScript): boolean {
    return script.isGrant && this.parts.waitReplicas > 0;
  }

  /** Why nothing may be sent on this connection; undefined when it may. */
  private async confirm(deadlineMs: number): Promise<FailureCode | undefined> {
    const unconfirmed = await this.parts.connection.confirm(deadlineMs);
    if (unconfirmed === undefined) return undefined;
    this.failing = true;
    // A refusal is told as a problem of its own.
    if (unconfirmed.refusal === undefined) this.parts.trouble?.note(unconfirmed.code);
    return unconfirmed.code;
  }

  /** A connection that does not confirm is given up by itself, see {@link ConfirmedConnection.onConfirmed}. */
  private listen(script: RedisScript, result: CallResult, sentMs: number): void {
    // Waiting for a replica that is gone says nothing about the socket.
    if (this.isWaiting(script)) return;
    if (result.ok || result.code !== TIMED_OUT) {
      this.silence.heard();
    } else if (this.silence.timedOut(sentMs, this.parts.clock.monotonicMs())) {
      this.parts.connection.reset();
    }
  }

  private read(result: CallResult & { readonly ok: true }): CodedReply {
    const { value, sentMs, receivedMs } = result;
    const [seconds, microseconds, ...answer] = Array.isArray(value) ? (value as readonly unknown[]) : [];
    const nodeTimeMs = Number(seconds) * 1_000 + Number(microseconds) / 1_000;
    if (!Number.isFinite(nodeTimeMs)) return { answered: false, code: MALFORMED };
    this.parts.onAnswer?.(receivedMs - sentMs);
    this.parts.onTimeSample({ sentMs, receivedMs, nodeTimeMs });
    return { answered: true, value: answer, nodeTimeMs };
  }
}

export type Parse<T> = (answer: readonly unknown[], nodeTimeMs: number) => T | undefined;

/** A reply that cannot be understood is no vote. */
export function understood<T>(reply: ScriptReply, parse: Parse<T>): NodeReply<T> {
  if (!reply.answered) return reply;
  const value = parse(reply.value, reply.nodeTimeMs);
  return value === undefined ? { answered: false, reason: shownReason(MALFORMED) } : { ...reply, value };
}
