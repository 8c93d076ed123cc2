import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { OUTCOMES } from '#src/protocol/contract/outcome.js';
import { repositoryRoot } from '../../architecture/source-tree.js';

const SOURCES = join(repositoryRoot, 'libs/distributed-schedule/src');
const page = readFileSync(join(repositoryRoot, 'docs/glossary.md'), 'utf8');

/** Words of exported names that mean what they mean in English or in Nest. Everything else is a term, and needs an entry. */
const VERBS =
  'await create done end extend fence forget hold join keep lose prune raise register repeat try update';
const QUALITIES =
  'async current distributed every exclusive idempotent in manual open queryable random second seeded';
const NAMES = 'drizzle knex mikro orm postgres prisma redis sql typeorm';
const OF_NEST = 'decorator factory hook indicator method module option provider service testing';
const PLAIN_NOUNS =
  'begin change code connection count data detail driver error executor expression failure flight level override part ' +
  'ref reply result row set setting source start table test value';
const ORDINARY = new Set(
  [VERBS, QUALITIES, NAMES, OF_NEST, PLAIN_NOUNS].flatMap((words) => words.split(' ')),
);

/** Forms that no rule gives back. */
const BASES: Readonly<Record<string, string>> = { held: 'hold', kept: 'keep', lost: 'lose' };

/** The cells of the tables below a heading, without their heads and rules. */
function rowsOf(heading: string): readonly (readonly string[])[] {
  const [, section = ''] = page.split(new RegExp(`^## ${heading}$`, 'm'));
  const lines = (section.split(/^## /m)[0] ?? '').split('\n');
  return lines
    .filter(
      (line, at) => line.startsWith('|') && !line.startsWith('|---') && !lines[at + 1]?.startsWith('|---'),
    )
    .map((line) => line.split(' | ').map((cell) => cell.replaceAll(/^\||\|$/g, '').trim()));
}

const words = rowsOf('Words').map(([word = '']) => word);

/** The names that users can import, from every entry point. */
function exportedNames(): readonly string[] {
  const entries = readdirSync(SOURCES, { recursive: true }).filter((path) =>
    /(^|\/)index\.ts$/.test(String(path)),
  );
  return entries.flatMap((entry) => {
    const text = readFileSync(join(SOURCES, String(entry)), 'utf8');
    const lists = [...text.matchAll(/export (?:type )?\{([^}]*)\}/g)];
    // Anything else (`export *`, a declaration) would be overlooked here.
    expect([String(entry), lists.length]).toEqual([String(entry), text.match(/^export /gm)?.length]);
    const names = lists.flatMap(([, list = '']) => list.split(','));
    return names.map((name) => name.replace(/^\s*type /, '').trim()).filter((name) => name !== '');
  });
}

/** `RedisSnapshotOptions` is redis, snapshot, options; so is `REDIS_SNAPSHOT_OPTIONS`. */
function wordsOfName(name: string): readonly string[] {
  const parts = /^[A-Z_]+$/.test(name)
    ? name.split('_')
    : (name.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+/g) ?? []);
  return parts.map((part) => part.toLowerCase());
}

/** The word itself, and without the ending of a plural or of a past. */
function formsOf(word: string): readonly string[] {
  const shorter = [
    word.replace(/s$/, ''),
    word.replace(/ed$/, ''),
    word.replace(/d$/, ''),
    word.replace(/(.)\1ed$/, '$1'),
  ];
  return [word, ...shorter, ...(Object.hasOwn(BASES, word) ? [BASES[word] ?? ''] : [])];
}

describe('docs/glossary.md', () => {
  it('lists exactly the outcomes, in their order', () => {
    expect(rowsOf('Outcomes').map(([outcome]) => outcome)).toEqual(
      OUTCOMES.map((outcome) => `\`${outcome}\``),
    );
  });

  it('explains each word once', () => {
    expect(words).toContain('fencing token');
    expect(words).toEqual([...new Set(words)]);
  });

  it('says of each word in one line what it means and what it does not', () => {
    expect(rowsOf('Words').filter((cells) => cells.length !== 3 || cells.includes(''))).toEqual([]);
  });

  it('has every noun that an exported name uses', () => {
    const explained = new Set(words.flatMap((word) => word.toLowerCase().match(/[a-z]+/g) ?? []));
    const isKnown = (word: string): boolean =>
      formsOf(word).some((form) => explained.has(form) || ORDINARY.has(form));
    const names = exportedNames();
    expect(names).toContain('TickContext');
    const unexplained = names.flatMap((name) =>
      wordsOfName(name)
        .filter((word) => !isKnown(word))
        .map((word) => `${word} (${name})`),
    );
    expect(unexplained).toEqual([]);
  });

  it('leaves no word to English that no exported name uses', () => {
    const used = new Set(exportedNames().flatMap(wordsOfName).flatMap(formsOf));
    expect([...ORDINARY].filter((word) => !used.has(word))).toEqual([]);
  });
});
