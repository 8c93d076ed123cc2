/** The page that says where things are is of use only while they are there. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { IConfiguration } from 'dependency-cruiser';
import { describe, expect, it } from 'vitest';
import { repositoryRoot } from '../../architecture/source-tree.js';

const MAX_LINES = 200;
const SOURCES = 'libs/distributed-schedule/src';
const CHAPTERS = 'docs/protocol';

const read = (path: string): string => readFileSync(join(repositoryRoot, path), 'utf8');
const chapters = readdirSync(join(repositoryRoot, CHAPTERS)).map((name) => `${CHAPTERS}/${name}`);
const architecture = read('ARCHITECTURE.md');

/** Files that a page names in backticks, as it writes them: from the root, or from the sources of the library. */
function namedFiles(page: string): readonly string[] {
  return [...page.matchAll(/`([\w.-]+(?:\/[\w.-]+)+\.(?:ts|pml|mjs))`/g)].map(([, path = '']) => path);
}

describe('ARCHITECTURE.md', () => {
  it('is one sitting', () => {
    expect(architecture.trimEnd().split('\n').length).toBeLessThanOrEqual(MAX_LINES);
  });

  it('links to every chapter of docs/protocol', () => {
    expect(chapters.filter((chapter) => !architecture.includes(`](${chapter}`))).toEqual([]);
  });

  it('says why each package is there', () => {
    const packages = ['package.json', 'libs/distributed-schedule/package.json'].flatMap((path) => {
      const manifest = JSON.parse(read(path)) as Record<string, Record<string, string>>;
      return ['dependencies', 'devDependencies', 'peerDependencies'].flatMap((kind) =>
        Object.keys(manifest[kind] ?? {}),
      );
    });
    const [, section = ''] = architecture.split(/^## \d+\. Dependencies$/m);
    expect(packages.filter((name) => !section.includes(`\`${name}\``))).toEqual([]);
  });
});

describe('The rooms in ARCHITECTURE.md', () => {
  const foldersOf = (path: string): readonly string[] =>
    readdirSync(join(repositoryRoot, SOURCES, path), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);

  it.each(['.', 'protocol', 'redis'])('are all there: %s', (path) => {
    const [, section = ''] = architecture.split(/^## \d+\. The rooms$/m);
    expect(foldersOf(path).filter((name) => !section.includes(`${name}/`))).toEqual([]);
  });

  it('stand in the order in which protocol/ imports them', async () => {
    const rules = join(repositoryRoot, '.dependency-cruiser.mjs');
    const { default: configuration } = (await import(rules)) as { default: IConfiguration };
    const rooms = (configuration.forbidden ?? []).flatMap(
      ({ name = '' }) => /^protocol-([a-z]+)-imports-downwards$/.exec(name)?.slice(1) ?? [],
    );
    const row = architecture.split('\n').find((line) => line.startsWith('| | `scheduler/`')) ?? '';
    expect([...row.matchAll(/`([a-z]+)\/`/g)].map(([, room]) => room)).toEqual(rooms);
  });
});

describe.each(['ARCHITECTURE.md', ...chapters])('%s', (page) => {
  it('names files that exist', () => {
    const missing = namedFiles(read(page)).filter(
      (path) => !existsSync(join(repositoryRoot, path)) && !existsSync(join(repositoryRoot, SOURCES, path)),
    );
    expect(missing).toEqual([]);
  });
});
