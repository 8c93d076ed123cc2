import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readSettings } from '../../apps/demo/src/settings.js';

const root = join(import.meta.dirname, '..', '..');

interface Service {
  readonly image?: string;
  readonly command?: readonly string[];
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly deploy?: { readonly replicas: number };
  readonly environment?: Readonly<Record<string, string>>;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[]; readonly start_period?: string };
  readonly ports?: readonly string[];
  readonly stop_grace_period?: string;
}

const { services } = parse(readFileSync(join(root, 'docker-compose.yml'), 'utf8'), { merge: true }) as {
  services: Readonly<Record<string, Service>>;
};
const masters = Object.entries(services).filter(([, service]) => service.image?.startsWith('redis:'));
const { demo } = services;

describe('docker-compose.yml', () => {
  it('has an odd number of masters, and no master follows another', () => {
    expect(masters.map(([name]) => name)).toEqual(['redis-1', 'redis-2', 'redis-3']);
    for (const [, master] of masters) {
      expect(master.command?.join(' ')).toMatch(/^redis-server /);
      expect(master.command?.join(' ')).not.toMatch(/replicaof|slaveof|cluster-enabled|sentinel/);
    }
  });

  it('starts the masters without a disk and waits until they answer', () => {
    for (const [name, master] of masters) {
      expect(master.command?.join(' ')).toBe(
        'redis-server --save  --appendonly no --maxmemory-policy noeviction',
      );
      expect(master.healthcheck?.test).toContain('ping');
      expect(demo?.depends_on?.[name]).toEqual({ condition: 'service_healthy' });
    }
  });

  it('pins its images, and gives each service time to start', () => {
    const dockerfile = readFileSync(join(root, demo?.build?.dockerfile ?? ''), 'utf8');
    const images = [...dockerfile.matchAll(/^FROM (node:\S+)/gm)].map(([, image = '']) => image);
    for (const image of [...images, ...masters.map(([, { image = '' }]) => image)]) {
      expect(image).toMatch(/:\d+\.\d+\.\d+-/);
    }
    for (const { healthcheck } of Object.values(services))
      expect(healthcheck?.start_period).toMatch(/^\d+s$/);
  });

  it('shows the masters on loopback only, each on a port of its own', () => {
    expect(masters.map(([, { ports }]) => ports)).toEqual([
      ['127.0.0.1:7001:6379'],
      ['127.0.0.1:7002:6379'],
      ['127.0.0.1:7003:6379'],
    ]);
  });

  it('tells how to scale without starting again what was killed', () => {
    const scale = /docker compose up .*--scale.*/.exec(
      readFileSync(join(root, 'docker-compose.yml'), 'utf8'),
    )?.[0];
    expect(scale).toContain('--no-deps');
  });

  it('gives three replicas the whole list of masters', () => {
    expect(demo?.deploy?.replicas).toBe(3);
    expect(readSettings({ ...demo?.environment }).redisNodes).toEqual(
      masters.map(([name]) => `redis://${name}:6379`),
    );
  });

  it('sets nothing that the demo does not read', () => {
    const read = readFileSync(join(root, 'apps/demo/src/settings.ts'), 'utf8');
    for (const name of Object.keys(demo?.environment ?? {}))
      expect(read).toMatch(new RegExp(`\\b${name}\\b`));
  });

  it('gives a run in flight time to end', () => {
    expect(Number.parseInt(demo?.stop_grace_period ?? '0', 10)).toBeGreaterThan(10);
  });

  it('builds an image from files that exist and are sent to the builder', () => {
    const dockerfile = readFileSync(join(root, demo?.build?.dockerfile ?? ''), 'utf8');
    const ignored = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n');
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, files = '']) =>
      files.split(' '),
    );
    expect(copied).toContain('package-lock.json');
    for (const file of copied) {
      expect(existsSync(join(root, file)), file).toBe(true);
      expect(ignored).toContain(`!${file}`);
    }
  });
});
