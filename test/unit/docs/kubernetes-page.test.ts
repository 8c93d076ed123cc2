/** The manifest of docs/kubernetes.md: it parses, and says what this page and docs/observing.md say. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { requireRedisSources } from '#src/redis/connection/redis-input.js';
import { resolveModuleOptions } from '#src/setup/distributed-schedule-options.resolver.js';
import { filesOfPage } from '../../support/page-files.js';

const read = (path: string): string => readFileSync(join(import.meta.dirname, '../../..', path), 'utf8');
const [, manifest = ''] = /^```yaml\n([\s\S]*?)^```$/m.exec(read('docs/kubernetes.md')) ?? [];
const documents = parseAllDocuments(manifest, { strict: true, uniqueKeys: true });

interface Container {
  readonly env: readonly { readonly name: string; readonly value?: string }[];
  readonly resources: { readonly requests: object; readonly limits: object };
  readonly [probe: string]: unknown;
}

interface Workload {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly selector: object;
    readonly progressDeadlineSeconds: number;
    readonly template: {
      readonly metadata: { readonly labels: object };
      readonly spec: {
        readonly terminationGracePeriodSeconds: number;
        readonly affinity?: object;
        readonly containers: readonly [Container];
      };
    };
  };
}

const objects = documents.map((document) => document.toJS() as Workload);
const named = (kind: string, name: string): Workload => {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
  if (found === undefined) throw new Error(`no ${kind} ${name}`);
  return found;
};
const [masters, app] = [named('StatefulSet', 'redis'), named('Deployment', 'shop')];
const containerOf = ({ spec }: Workload): Container => spec.template.spec.containers[0];
const { env, startupProbe, ...container } = containerOf(app);

describe('the manifest of docs/kubernetes.md', () => {
  it('parses', () => {
    expect(documents.flatMap(({ errors, warnings }) => [...errors, ...warnings])).toEqual([]);
    expect(objects.map(({ kind }) => kind)).toEqual([
      ...['Secret', 'Service', 'StatefulSet', 'PodDisruptionBudget', 'NetworkPolicy'],
      ...['Service', 'Deployment', 'PodDisruptionBudget'],
    ]);
  });

  it('selects the pods that it makes', () => {
    for (const { spec } of [masters, app])
      expect(spec.selector).toEqual({ matchLabels: spec.template.metadata.labels });
    const budgets = objects.filter(({ kind }) => kind === 'PodDisruptionBudget');
    expect(budgets.map(({ spec }) => spec)).toMatchObject([
      { selector: masters.spec.selector, unhealthyPodEvictionPolicy: 'AlwaysAllow' },
      { selector: app.spec.selector, unhealthyPodEvictionPolicy: 'AlwaysAllow' },
    ]);
  });

  it('never lets two masters onto one machine, and lets only the app reach them', () => {
    expect(masters.spec.template.spec.affinity).toEqual({
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          { topologyKey: 'kubernetes.io/hostname', labelSelector: masters.spec.selector },
        ],
      },
    });
    expect(named('NetworkPolicy', 'redis').spec).toMatchObject({
      podSelector: masters.spec.selector,
      ingress: [{ from: [{ podSelector: app.spec.selector }] }],
    });
    expect(named('Service', 'shop').spec.selector).toEqual(app.spec.template.metadata.labels);
  });

  it('asks each probe at the path that docs/observing.md gives it', () => {
    const paths = [startupProbe, container.readinessProbe, container.livenessProbe].map(
      (probe) => (probe as { httpGet: { path: string } }).httpGet.path,
    );
    expect(paths).toEqual(['/health/started', '/health/ready', '/health/live']);
    const health = read('docs/observing.md');
    const [, controller = ''] = /@Controller\('(\w+)'\)/.exec(health) ?? [];
    const routes = [...health.matchAll(/@Get\('(\w+)'\) @HealthCheck\(\)\n\s+\w+\(\).*\.(\w+)\('/g)];
    expect(routes.map(([, route, method]) => [`/${controller}/${route}`, method])).toEqual([
      ['/health/started', 'isStarted'],
      ['/health/ready', 'isReady'],
      ['/health/live', 'isLive'],
    ]);
  });

  it('gives a start ten minutes, and the rollout more', () => {
    const { periodSeconds, failureThreshold } = startupProbe as Record<string, number>;
    expect(Number(periodSeconds) * Number(failureThreshold)).toBe(600);
    expect(app.spec.progressDeadlineSeconds).toBeGreaterThan(600);
  });

  it('gives a shutdown longer than the default of shutdownTimeoutMs and ten seconds', () => {
    const { protocol } = resolveModuleOptions(
      {},
      () => 'one',
      () => ({ name: 'shop' }),
      'test',
    );
    const graceMs = app.spec.template.spec.terminationGracePeriodSeconds * 1_000;
    expect(graceMs).toBeGreaterThanOrEqual(protocol.shutdownTimeoutMs + 10_000);
  });

  it('has masters restarted five seconds apart, and reached before they are ready', () => {
    expect(masters.spec).toMatchObject({ replicas: 3, minReadySeconds: 5 });
    expect(containerOf(masters).readinessProbe).toMatchObject({ initialDelaySeconds: 5 });
    expect(named('Service', 'redis').spec).toMatchObject({
      clusterIP: 'None',
      publishNotReadyAddresses: true,
    });
  });

  it('limits no CPU', () => {
    for (const { resources } of [masters, app].map(containerOf))
      expect(Object.keys(resources.limits)).toEqual(['memory']);
  });

  it('lists three masters in a way that the module takes', () => {
    const urls = env
      .find(({ name }) => name === 'REDIS_URLS')
      ?.value?.replaceAll('$(REDIS_PASSWORD)', 'secret');
    const redis = urls?.split(',') ?? [];
    expect(redis).toHaveLength(3);
    expect(requireRedisSources(redis).map(({ kind }) => kind)).toEqual(['plain', 'plain', 'plain']);
    expect(redis.map((url) => new URL(url).hostname)).toEqual([
      'redis-0.redis',
      'redis-1.redis',
      'redis-2.redis',
    ]);
  });
});

describe('the code of docs/kubernetes.md', () => {
  it('reads what the manifest sets', () => {
    const code = [...filesOfPage('kubernetes.md').values()].join('\n');
    const asked = [...code.matchAll(/required\('(\w+)'\)/g)].map(([, name]) => name);
    expect(asked).toEqual(['REDIS_URLS', 'DEPLOYMENT_KEY']);
    expect(env.map(({ name }) => name)).toEqual(expect.arrayContaining(asked));
    expect(env.find(({ name }) => name === 'DEPLOYMENT_KEY')?.value).toBe('1.4.2');
  });
});
