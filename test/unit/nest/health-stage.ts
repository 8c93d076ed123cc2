import { HealthIndicatorService } from '@nestjs/terminus';
import {
  DistributedScheduleRegistry,
  type RegisteredTask,
  type SchedulerStatus,
  type StoreStatus,
} from 'nestjs-distributed-schedule';
import { DistributedScheduleHealthIndicator } from 'nestjs-distributed-schedule/terminus';

export const HEALTHY: SchedulerStatus = {
  instanceId: 'one',
  state: 'running',
  nodes: 3,
  nodesAnswering: 3,
  quorum: true,
  hadQuorum: true,
  withoutQuorumMs: undefined,
  nodeSet: { condition: 'bids', detail: 'the set stands', undisputedForMs: 1, problems: {} },
  members: ['one', 'two'],
  skewMs: 1.4,
  audit: { missed: 0, lost: 0, stuck: 0 },
  runs: [],
  tasks: [],
  leases: [],
};

export const STORE: StoreStatus = { strength: 'quorum', nodes: [{ label: 'node 1', answering: true }] };

export const indicatorOf = (
  status: Partial<SchedulerStatus>,
  {
    service = new HealthIndicatorService(),
    store = STORE,
    tasks = [],
  }: {
    service?: HealthIndicatorService;
    store?: StoreStatus;
    tasks?: readonly Partial<RegisteredTask>[];
  } = {},
): DistributedScheduleHealthIndicator => {
  const registry = {
    status: () => ({ ...HEALTHY, ...status }),
    store: () => store,
    list: () => tasks,
  } as DistributedScheduleRegistry;
  return new DistributedScheduleHealthIndicator(service, registry);
};
