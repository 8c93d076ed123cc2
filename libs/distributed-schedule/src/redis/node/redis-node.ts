import type { CallPatience } from '../../protocol/time/call-patience.js';
import {
  codeOfNode,
  type FailureCode,
  failureCode,
  NOT_CONNECTED,
  shownReason,
} from '../connection/failure-code.js';
import { ReplicaLeave } from '../connection/reconnect-delay.js';
import { slowness } from '../connection/trouble-words.js';
import type { RedisScript } from '../scripts/redis-scripts.js';
import { judgeNode, type NodeProblem, StandingProblem } from './node-problem.js';
import { ClockSkew, NodeTime } from './node-time.js';
import type { RedisNodeParts } from './redis-node-parts.js';
import type { RedisPresence } from './redis-presence.js';
import { ScriptChannel, type ScriptReply } from './script-channel.js';
import { HANDSHAKE_SCRIPT, isRefusal, oddities, type ServerTraits } from './store-handshake.js';

/** One voting store: one call, one timeout, one answer or none. */
export class RedisNode {
  readonly index: number;
  readonly label: string;
  readonly presence: RedisPresence | undefined;
  /** How long a call is waited for, as it stands now. */
  readonly patience: CallPatience;
  /** Resolves when a server has answered a handshake for the first time, fit or not. */
  readonly firstContact: Promise<void>;
  private readonly channel: ScriptChannel;
  private time = new NodeTime();
  private markContact: () => void = () => {};
  private tellReply: () => void = () => {};
  private tellBack: () => void = () => {};
  private handshake: Promise<string | undefined> | undefined;
  private isVerified = false;
  private isClosed = false;
  private lastFailure: FailureCode | undefined;
  private readonly standing: StandingProblem;
  private readonly skew: ClockSkew;
  private traits: ServerTraits | undefined;
  private readonly replica = new ReplicaLeave();

  constructor(private readonly parts: RedisNodeParts) {
    const { index, label, connection, presence, trouble } = parts;
    [this.index, this.label] = [index, label];
    this.presence = presence;
    this.patience = parts.patience;
    this.standing = new StandingProblem(label, parts.onProblem);
    this.skew = new ClockSkew(parts.refuseSkewMs);
    this.channel = new ScriptChannel({
      ...parts,
      onAnswer: (tookMs) => parts.patience.answered(index, tookMs),
      onTimeSample: (sample) => {
        this.time.add(sample);
        // Cluster time that has followed it once would never go back.
        if (this.skew.isRefused(sample.nodeTimeMs, parts.clock.wallMs())) {
          this.isVerified = false;
          return;
        }
        parts.onTimeSample({ node: index, ...sample });
        this.showPresence();
        this.tellReply();
      },
    });
    this.firstContact = new Promise((resolve) => {
      this.markContact = resolve;
    });
    connection.onError((error) => {
      this.lastFailure = failureCode(error);
      trouble.note(codeOfNode(error));
      this.noteRefusal();
    });
    // Behind a new connection may be another server: it is asked again.
    connection.on('close', () => {
      trouble.hungUp();
      this.isVerified = false;
      // Its clock may be another one. The handshake that comes first brings a new sample.
      this.time = new NodeTime();
    });
    connection.onConfirmed(() => this.showPresence());
    connection.on('ready', () => {
      this.lastFailure = undefined;
      trouble.connected();
      this.isVerified = false;
      void this.verify();
    });
  }

  get problem(): NodeProblem | undefined {
    const { connection, trouble } = this.parts;
    return this.standing.current(connection.status === 'ready' ? undefined : trouble.why);
  }

  /** Why it does not vote, and what to do; undefined while it does, or nothing was measured yet. */
  get why(): string | undefined {
    return this.problem?.why ?? (this.isAnswering ? undefined : this.parts.trouble.why);
  }

  get warnings(): readonly string[] {
    const { presence, keys, use } = this.parts;
    if (!this.isAnswering || this.traits === undefined) return [];
    const own = [...oddities(this.traits, use), ...this.skew.oddities, ...slowness(this.patience)];
    return [...own, ...(presence?.problem(keys.prefix) ?? [])];
  }

  /** Connected to a server that may vote, and the last call had a reply. */
  get isAnswering(): boolean {
    return this.isVerified && !this.channel.isFailing && this.hindrance() === undefined;
  }

  /** Connects in the background, now and after every loss. A store that is down delays nobody. */
  start(): void {
    this.parts.connection.connect().catch(() => {});
  }

  /** Told of every reply, that to a handshake too: who has missed this node may ask it again. */
  onReply(listener: () => void): void {
    this.tellReply = listener;
  }

  /** Told once per connection, as soon as its server is known to be fit to vote. */
  onBack(listener: () => void): void {
    this.tellBack = listener;
  }

  /** Leaves no socket and no timer. */
  close(): void {
    this.isClosed = true;
    this.presence?.close();
    this.parts.connection.disconnect();
  }

  /** The next connection may lead to the server that is meant. Presence stays, or the node would take us for dead. */
  reconnect(): void {
    if (!this.isClosed) this.parts.connection.renew();
  }

  /** The latest that the node's clock can show when a call that is sent now times out here; 0 when unknown. */
  callDeadlineNodeMs(): number {
    return Math.ceil(this.time.latestMs(this.parts.clock.monotonicMs() + this.patience.timeoutMs) ?? 0);
  }

  /** Runs a script within its {@link patience}. Never rejects: whatever goes wrong is no vote. */
  async call(script: RedisScript, keys: readonly string[], args: readonly string[]): Promise<ScriptReply> {
    const deadlineMs = this.parts.clock.monotonicMs() + this.patience.timeoutMs;
    const hindrance = this.hindrance() ?? (this.isVerified ? undefined : await this.verify());
    return hindrance === undefined
      ? this.channel.run(script, keys, args, deadlineMs)
      : { answered: false, reason: hindrance };
  }

  private hindrance(): string | undefined {
    if (this.isClosed) return 'closed';
    const { status, refusal } = this.parts.connection;
    if (status === 'ready') return undefined;
    if (refusal !== undefined) return refusal.code;
    const why = this.lastFailure === undefined ? '' : ` (${shownReason(this.lastFailure)})`;
    return `${shownReason(NOT_CONNECTED)}${why}`;
  }

  /** Answers why the server may not vote, or undefined when it may. Callers that come meanwhile share the answer. */
  private verify(): Promise<string | undefined> {
    this.handshake ??= this.shakeHands().finally(() => {
      this.handshake = undefined;
    });
    return this.handshake;
  }

  private async shakeHands(): Promise<string | undefined> {
    const { clock, random, keys, register } = this.parts;
    const [probes, deadlineMs] = [[keys.ledger, keys.probe], clock.monotonicMs() + this.patience.timeoutMs];
    const reply = await this.channel.ask(HANDSHAKE_SCRIPT, probes, [], deadlineMs);
    this.noteRefusal();
    if (!reply.answered && !isRefusal(reply.code)) return shownReason(reply.code);
    if (reply.answered) this.skew.measured(reply.nodeTimeMs, clock.wallMs());
    const finding = judgeNode(this, reply, register, keys.prefix, this.skew);
    this.standing.set(finding.problem);
    const wasVerified = this.isVerified;
    this.isVerified = finding.problem === undefined;
    this.markContact();
    if (finding.problem === undefined) {
      this.traits = finding.traits;
      this.replica.reset();
      if (!wasVerified) this.tellBack();
    } else if (finding.isReplica && this.replica.isDue(clock.monotonicMs(), random.next())) {
      this.reconnect();
    }
    return finding.problem?.code;
  }

  /** It never knocks on its own: where commands are refused, a second connection is refused as well. */
  private showPresence(): void {
    if (!this.isClosed && this.parts.connection.isDependable) this.presence?.show();
  }

  private noteRefusal(): void {
    const { refusal } = this.parts.connection;
    this.standing.noteRefusal(refusal);
    if (refusal !== undefined) this.markContact();
  }
}
