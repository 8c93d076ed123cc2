import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { ClockTeller } from '../messages/clock-teller.js';
import { StoreTeller, type StoreView } from '../messages/store-teller.js';
import type { ScheduleEvent, ScheduleObserver } from '../protocol/contract/observer.js';
import type { Clock } from '../protocol/contract/ports.js';
import { quorumOf } from '../protocol/contract/quorum.js';
import { ObserverFanout } from '../protocol/scheduler/observer-fanout.js';
import type { ModuleOptions } from '../setup/distributed-schedule-options.resolver.js';
import { CLOCK, MODULE_OPTIONS, SCHEDULER_HOST } from './distributed-schedule.tokens.js';
import type { SchedulerHost } from './scheduler.provider.js';

const LOOK_EVERY_MS = 1_000;

/** Looks at what is known of the store once a second, and when a majority comes or goes, and has the log say it. Asks nobody. */
@Injectable()
export class StoreWatch implements ScheduleObserver, OnModuleDestroy {
  private readonly logger = new Logger('DistributedSchedule');
  private readonly teller = new StoreTeller();
  private readonly clocks = new ClockTeller();
  private readonly stopping = new AbortController();
  private watching: Promise<void> | undefined;

  constructor(
    @Inject(SCHEDULER_HOST) private readonly host: SchedulerHost,
    @Inject(MODULE_OPTIONS) private readonly options: ModuleOptions,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(ObserverFanout) private readonly fanout: ObserverFanout,
  ) {}

  /** A second call does nothing. */
  start(): void {
    this.fanout.add(this);
    this.watching ??= this.watch();
  }

  /** The nodes fall silent with the app, and that is no news. */
  async onModuleDestroy(): Promise<void> {
    this.fanout.remove(this);
    this.stopping.abort();
    await this.watching;
  }

  observe(event: ScheduleEvent): void {
    if (event.type === 'quorum') this.look();
  }

  private async watch(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      this.look();
      await this.clock.sleepUntil(this.clock.monotonicMs() + LOOK_EVERY_MS, signal);
    }
  }

  private look(): void {
    const view = this.view();
    if (view === undefined || this.stopping.signal.aborted) return;
    for (const { level, message } of this.teller.look(view)) this.logger[level](message);
    const { scheduler, electorate } = this.host;
    const { setBackMs = {} } = electorate.status();
    const aheadMs = scheduler.reach().clockAheadMs ?? 0;
    const clocks = { nowMs: view.nowMs, setBackMs, nodes: view.nodes.length, aheadMs };
    for (const line of this.clocks.look(clocks)) this.logger.warn(line);
  }

  /** Undefined where the store is no business of this instance any more. */
  private view(): StoreView | undefined {
    // The memory of this process does not go away.
    if (this.options.redis === undefined) return undefined;
    const { scheduler, backend } = this.host;
    const { state, hadQuorum, quorum, nodesAnswering } = scheduler.reach();
    if (state !== 'idle' && state !== 'running') return undefined;
    const nodes = backend.health();
    const connected = nodes.filter(({ answering }) => answering).length;
    // Before the first beats, and where there are none, what the connections say is all there is.
    const isBeating = state === 'running' && hadQuorum;
    return {
      nowMs: this.clock.monotonicMs(),
      isConfirmed: isBeating || !this.options.protocol.enabled,
      hasQuorum: isBeating ? quorum : connected >= quorumOf(nodes.length),
      nodesAnswering: isBeating && !quorum ? Math.min(nodesAnswering, connected) : connected,
      nodes,
      isBidding: this.options.protocol.enabled,
    };
  }
}
