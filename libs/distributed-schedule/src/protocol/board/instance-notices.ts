/** What each instance says of itself: labels, since when, and that it left in good order. Errors delay a tick, never double one. */

import { dropOldest } from '../contract/drop-oldest.js';
import type { Clock } from '../contract/ports.js';
import { isListOfLabels } from '../members/labels.js';
import type { ClusterClock } from '../time/cluster-clock.js';
import type { Board } from './board.js';
import { FAREWELL_TTL_MS, INSTANCE, INSTANCE_TTL_MS } from './board-keys.js';

export interface InstanceNoticesParts {
  readonly board: Pick<Board, 'get' | 'post' | 'watch'>;
  readonly clock: Clock;
  readonly clusterClock: Pick<ClusterClock, 'nowMs' | 'synchronised'>;
  readonly instanceId: string;
  readonly app: string;
  readonly labels: readonly string[];
}

/**
 * - `here`  its notice is fresh
 * - `left`  it has left, after its last run had ended
 * - `gone`  it was here, and its notice has expired: it died, or stands still for longer than anybody waits for it
 */
export type Whereabouts = 'here' | 'left' | 'gone';

export interface InstanceNotice {
  /** Which application it is an instance of. */
  readonly app: string;
  /** Names the version of that application by what it defines. */
  readonly version: string;
  readonly labels: readonly string[];
  /** Cluster time at which it came. */
  readonly sinceMs: number;
  readonly hasLeft: boolean;
}

export const NOTICE_PERIOD_MS = 3_000;
const WAIT_FOR_TIME_MS = 100;
/** Instances that are remembered; the oldest are forgotten first. */
const MAX_REMEMBERED = 1_000;

export class InstanceNotices {
  private readonly known = new Map<string, InstanceNotice>();
  private readonly stopping = new AbortController();
  private readonly unwatch: () => void;
  private posting: Promise<void> | undefined;
  private sinceMs: number | undefined;
  private version = '';
  private posted: () => void = () => {};

  constructor(private readonly parts: InstanceNoticesParts) {
    this.unwatch = parts.board.watch((keys) => this.takeIn(keys));
  }

  /** Told with each notice, every NOTICE_PERIOD_MS and at the end: for what is posted no more often than that. */
  onPost(listener: () => void): void {
    this.posted = listener;
  }

  /** Starts to post, once. @param version names what this version of the app defines */
  start(version: string): void {
    this.version = version;
    this.posting ??= this.loop();
  }

  /** Says farewell. To be called when the last run has ended, and before the board is stopped. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.posting;
    this.unwatch();
    if (this.sinceMs !== undefined) this.post(true);
  }

  /** The labels of another instance; undefined as long as it has told none. */
  labelsOf(instanceId: string): readonly string[] | undefined {
    return this.whereabouts(instanceId) === 'here' ? this.known.get(instanceId)?.labels : undefined;
  }

  /** The application and version of another instance, which it keeps for life; undefined as long as it has told none. */
  identityOf(instanceId: string): Pick<InstanceNotice, 'app' | 'version'> | undefined {
    return this.known.get(instanceId);
  }

  /** Ids of those that are here, this instance among them once it has told. */
  present(): readonly string[] {
    return [...this.known.keys()].filter((instanceId) => this.whereabouts(instanceId) === 'here');
  }

  /** Undefined for an instance that was never heard of. */
  whereabouts(instanceId: string): Whereabouts | undefined {
    const notice = this.known.get(instanceId);
    if (notice === undefined) return undefined;
    if (notice.hasLeft) return 'left';
    return this.parts.board.get(`${INSTANCE}${instanceId}`) === undefined ? 'gone' : 'here';
  }

  /** Since when another instance is there, cluster time; undefined as long as it has not told. */
  sinceMsOf(instanceId: string): number | undefined {
    return this.known.get(instanceId)?.sinceMs;
  }

  private async loop(): Promise<void> {
    const { clock, clusterClock } = this.parts;
    const { signal } = this.stopping;
    while (!signal.aborted) {
      if (clusterClock.synchronised) this.post(false);
      const pauseMs = clusterClock.synchronised ? NOTICE_PERIOD_MS : WAIT_FOR_TIME_MS;
      await clock.sleepUntil(clock.monotonicMs() + pauseMs, signal);
    }
  }

  private post(hasLeft: boolean): void {
    const { board, clusterClock, instanceId, app, labels } = this.parts;
    this.sinceMs ??= Math.round(clusterClock.nowMs());
    const notice: InstanceNotice = { app, version: this.version, labels, sinceMs: this.sinceMs, hasLeft };
    board.post(
      `${INSTANCE}${instanceId}`,
      JSON.stringify(notice),
      hasLeft ? FAREWELL_TTL_MS : INSTANCE_TTL_MS,
    );
    this.posted();
  }

  private takeIn(keys: ReadonlySet<string>): void {
    for (const key of keys) {
      if (!key.startsWith(INSTANCE)) continue;
      const notice = read(this.parts.board.get(key));
      if (notice === undefined) continue;
      const instanceId = key.slice(INSTANCE.length);
      this.known.delete(instanceId);
      this.known.set(instanceId, notice);
    }
    dropOldest(this.known, MAX_REMEMBERED);
  }
}

/** Undefined where nothing stands, or what another version wrote and this one cannot read. */
function read(text: string | undefined): InstanceNotice | undefined {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return undefined;
    const { app, version, labels, sinceMs, hasLeft } = value as Record<keyof InstanceNotice, unknown>;
    if (!isListOfLabels(labels) || typeof sinceMs !== 'number') return undefined;
    if (typeof app !== 'string' || typeof version !== 'string') return undefined;
    return { app, version, labels, sinceMs, hasLeft: hasLeft === true };
  } catch {
    return undefined;
  }
}
