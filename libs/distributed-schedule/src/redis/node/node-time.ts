/** One exchange with a node, on the monotonic clock, and the node's TIME in it. */
interface Exchange {
  readonly sentMs: number;
  readonly receivedMs: number;
  readonly nodeTimeMs: number;
}

/** How far two clocks may drift apart, as a share of the time that passes: far above what real ones do. */
const DRIFT = 0.001;

/**
 * What one node's clock shows, as seen from here, for deadlines that a node checks itself. The shortest recent round trip
 * says it best; an old one ages by the drift. One that contradicts it means that the clock has stepped.
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
