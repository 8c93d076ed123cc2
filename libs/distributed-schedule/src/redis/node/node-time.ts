import { spoken } from '../../protocol/contract/spoken.js';
import { ORDINARY_SKEW_MS } from '../../protocol/ledger/clock-set-back.js';

/** One exchange with a node, on the monotonic clock, and the node's TIME in it. */
interface Exchange {
  readonly sentMs: number;
  readonly receivedMs: number;
  readonly nodeTimeMs: number;
}

/** How far two clocks may drift apart, as a share of the time that passes: far above what real ones do. */
const DRIFT = 0.001;

/**
 * For deadlines that a node checks itself. The shortest recent round trip shows its clock best; a contradiction is a step.
 */
export class NodeTime {
  private best: Exchange | undefined;

  add(sample: Exchange): void {
    const best = this.best;
    if (
      best === undefined ||
      widthMs(sample) <= this.agedWidthMs(best, sample.sentMs) ||
      contradict(best, sample)
    ) {
      this.best = sample;
    }
  }

  /** The latest that the node's clock can show at a monotonic instant; undefined before the first exchange. */
  latestMs(monotonicMs: number): number | undefined {
    const best = this.best;
    if (best === undefined) return undefined;
    const sinceMs = monotonicMs - best.sentMs;
    return best.nodeTimeMs + sinceMs + Math.abs(sinceMs) * DRIFT;
  }

  private agedWidthMs(exchange: Exchange, nowMs: number): number {
    return widthMs(exchange) + (nowMs - exchange.sentMs) * DRIFT;
  }
}

function widthMs(exchange: Exchange): number {
  return exchange.receivedMs - exchange.sentMs;
}

/** The offsets that two exchanges allow have nothing in common. */
function contradict(kept: Exchange, sample: Exchange): boolean {
  const slackMs = 1 + (sample.sentMs - kept.sentMs) * DRIFT;
  const isAhead = sample.nodeTimeMs - sample.receivedMs > kept.nodeTimeMs - kept.sentMs + slackMs;
  const isBehind = sample.nodeTimeMs - sample.sentMs < kept.nodeTimeMs - kept.receivedMs - slackMs;
  return isAhead || isBehind;
}

/** Measured a little differently each time, it is still the same, and is told once. */
const SAME_MS = 2_000;

export class ClockSkew {
  private skewMs: number | undefined;

  constructor(
    /** The skew from which on the node gives no vote; undefined: none. */
    private readonly refuseAboveMs: number | undefined,
  ) {}

  measured(nodeTimeMs: number, wallMs: number): void {
    const skewMs = nodeTimeMs - wallMs;
    if (this.skewMs === undefined || Math.abs(this.skewMs - skewMs) > SAME_MS) this.skewMs = skewMs;
  }

  /** Whether an answer that shows this is none: the next handshake says why. */
  isRefused(nodeTimeMs: number, wallMs: number): boolean {
    return this.refuseAboveMs !== undefined && Math.abs(nodeTimeMs - wallMs) > this.refuseAboveMs;
  }

  get refusal(): string | undefined {
    const { refuseAboveMs } = this;
    if (refuseAboveMs === undefined || Math.abs(this.skewMs ?? 0) <= refuseAboveMs) return undefined;
    return `${this.words()}, and refuseSkewMs allows ${refuseAboveMs} ms: set the clock right that is wrong`;
  }

  get oddities(): readonly string[] {
    return Math.abs(this.skewMs ?? 0) <= ORDINARY_SKEW_MS
      ? []
      : [`${this.words()}: ticks follow the clocks of the nodes; set the clock right that is wrong`];
  }

  private words(): string {
    const skewMs = this.skewMs ?? 0;
    return `its clock is ${spoken(Math.abs(skewMs))} ${skewMs > 0 ? 'ahead of' : 'behind'} that of this machine`;
  }
}
