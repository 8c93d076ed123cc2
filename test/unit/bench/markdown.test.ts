import { describe, expect, it } from 'vitest';
import { markdownOf } from '../../bench/report/markdown.js';
import { measuredOf, resultOf } from './fleet-result.js';
import { reportOf } from './report-of.js';

describe('the report for people', () => {
  it('says on what, how busy and how steady the machine was', () => {
    const text = markdownOf(reportOf({}), []);
    expect(text).toContain('- 2026-11-30T10:00:00.000Z, short, 150 s\n- 2 cores\n');
    expect(text).toContain('- redis-server 7.0.15, bullmq 6.7.0\n- load 0.2 before and 1.9 after');
    expect(text).toContain(
      'over 2 rounds p50 differs by 12 % of itself in the median row, by 50 % in the worst',
    );
  });

  it('says that one round has no spread, instead of none', () => {
    const noise = { rounds: 1, medianSpread: undefined, largestSpread: undefined };
    expect(markdownOf(reportOf({ noise }), [])).toContain('noise unknown: one round has no spread');
  });

  it('has a line for each contestant, for those that cannot take part, and for each floor', () => {
    const report = reportOf({
      latency: [measuredOf('ours', resultOf())],
      unable: [{ name: 'pg-boss', why: 'once a minute' }],
      floors: [{ name: 'raw', about: 'a claim', rounds: [{ opsPerSecond: 100_000, p50Ms: 1, p99Ms: 2 }] }],
    });
    const text = markdownOf(report, []);
    expect(text).toContain('| 20 x 2 | ours | 2.00 | 9.0 | 0 | 0 | 40 |');
    expect(text).toContain('| any | pg-boss: once a minute | - |');
    expect(text).toContain('| raw | a claim | 100000 | 1.00 | 2.00 |');
  });

  it('says what to install for the floors that are missing', () => {
    const text = markdownOf(reportOf({ missing: ['etcd is missing: apt-get install etcd-server'] }), []);
    expect(text).toContain('\n- etcd is missing: apt-get install etcd-server\n');
  });

  it('says which measurement came to nothing', () => {
    const text = markdownOf(reportOf({ failures: ['round 2: 1 x 2 BullMQ: a process has ended'] }), []);
    expect(text).toContain('\n- **failed** in round 2: 1 x 2 BullMQ: a process has ended\n');
  });

  it('shows the plots that were drawn, and no others', () => {
    const text = markdownOf(reportOf({}), ['lateness']);
    expect(text).toContain('![How late tasks start, and how many run twice or not at all](lateness.svg)');
    expect(text).not.toContain('cpu.svg');
  });
});
