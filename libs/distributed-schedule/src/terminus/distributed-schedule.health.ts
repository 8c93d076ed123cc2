import { Inject, Injectable, Module } from '@nestjs/common';
import { type HealthIndicatorResult, HealthIndicatorService, TerminusModule } from '@nestjs/terminus';
import { DistributedScheduleRegistry } from '../nest/distributed-schedule.registry.js';
import { type ReadinessDetails, readinessOf } from './readiness.js';
import { startOf } from './start-gate.js';

/** The word that Terminus 12 has and Terminus 11 lacks. */
interface MayDegrade<Key extends string> {
  degraded?(details: ReadinessDetails): HealthIndicatorResult<Key>;
}

/** How a start is judged. */
export interface StartOptions {
  /** The app is up without its store: a rollout goes on during an outage, and over a bad configuration as well. Default false. */
  readonly startWithoutStore?: boolean;
}

/**
 * Health of this instance's scheduler for `@nestjs/terminus` 11 and 12. Nothing here asks the store: it reports what
 * the newest beat has said, so a probe is never slow. Details show neither host names of stores nor secrets.
 *
 * List it among a module's providers beside `TerminusModule`, or import {@link DistributedScheduleHealthModule}.
 */
@Injectable()
export class DistributedScheduleHealthIndicator {
  private hasStarted = false;

  constructor(
    @Inject(HealthIndicatorService) private readonly health: HealthIndicatorService,
    @Inject(DistributedScheduleRegistry) private readonly registry: DistributedScheduleRegistry,
  ) {}

  /**
   * For a readiness probe. Never throws, which Terminus would answer with a 500.
   *
   * - `up`: a majority of nodes answers and every run here holds its lease; or this instance does not bid at all.
   * - `degraded`: no majority, or none for the newest tick of a task, a lease lost under a running handler, a run that is stuck, a newer
   *   node set elsewhere, or a task that is left alone because another app has its name, or because the schedule that was decided
   *   for it cannot be used here. Terminus 12 answers 200 with it. On Terminus 11 it is `up` with the same `impaired` among the details: a Redis that is
   *   down must not take every instance of the app out of its load balancer.
   * - `down`: this instance is shutting down.
   */
  isReady<const Key extends string>(key: Key): HealthIndicatorResult<Key> {
    const session = this.health.check(key);
    const details = readinessOf(this.registry.status(), this.registry.store(), this.registry.list());
    if (details.state === 'stopping' || details.state === 'stopped') return session.down({ ...details });
    if (details.impaired.length === 0) return session.up({ ...details });
    const { degraded }: MayDegrade<Key> = session;
    return degraded?.call(session, { ...details }) ?? session.up({ ...details });
  }

  /**
   * For a startup probe, which lets a rollout go on. Never throws.
   *
   * - `down`, with the reasons in `waitsFor`: no majority of nodes has answered this instance yet, or its set of nodes does not stand yet, or
   *   it can never take part: fenced, another set in use or on record, a majority unsupported or refusing its credentials.
   * - `up`: a majority has answered once and the set stood, or `startWithoutStore` is given.
   *
   * Once up it stays up, whatever happens to the store, the set of nodes or the app: what a started instance is worth is told by
   * {@link isReady}, and a start must not be judged anew when an outage comes.
   */
  isStarted<const Key extends string>(
    key: Key,
    { startWithoutStore = false }: StartOptions = {},
  ): HealthIndicatorResult<Key> {
    const session = this.health.check(key);
    const details = startOf(this.registry.status(), this.registry.store());
    this.hasStarted ||= startWithoutStore || details.waitsFor.length === 0;
    return this.hasStarted ? session.up({ ...details, waitsFor: [] }) : session.down({ ...details });
  }

  /**
   * For a liveness probe: `up` whenever this process answers at all. It never depends on Redis, or an outage of the
   * store would make the orchestrator restart every instance at once.
   */
  isLive<const Key extends string>(key: Key): HealthIndicatorResult<Key> {
    return this.health.check(key).up({ state: this.registry.status().state });
  }
}

/** Provides {@link DistributedScheduleHealthIndicator}, with what it needs of `@nestjs/terminus`. */
@Module({
  imports: [TerminusModule],
  providers: [DistributedScheduleHealthIndicator],
  exports: [DistributedScheduleHealthIndicator],
})
export class DistributedScheduleHealthModule {}
