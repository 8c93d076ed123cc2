import type { Report } from '../../bench/report/report.js';

export function reportOf(given: Partial<Report>): Report {
  return {
    ...{ startedAt: '2026-11-30T10:00:00.000Z', tookS: 150.4, profile: 'short', machine: '2 cores' },
    versions: { 'redis-server': '7.0.15', bullmq: '6.7.0' },
    load: { before: 0.24, after: 1.87 },
    noise: { rounds: 2, medianSpread: 0.123, largestSpread: 0.5 },
    ...{ latency: [], unable: [], failures: [], floors: [], missing: [] },
    ...given,
  };
}
