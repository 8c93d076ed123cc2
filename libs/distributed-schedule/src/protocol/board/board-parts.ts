import type { ScheduleObserver } from '../contract/observer.js';
import type { Clock, Random } from '../contract/ports.js';
import type { ClusterClock } from '../time/cluster-clock.js';
import type { BoardNode } from './board-node.js';

export interface BoardParts {
  readonly nodes: readonly BoardNode[];
  readonly clock: Clock;
  readonly clusterClock: Pick<ClusterClock, 'nowMs' | 'synchronised'>;
  readonly random: Random;
  readonly observer: ScheduleObserver;
}
