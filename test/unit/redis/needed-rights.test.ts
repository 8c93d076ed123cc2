import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { allRights, SCRIPT_COMMANDS } from '#src/redis/node/needed-rights.js';

const ROOT = join(import.meta.dirname, '../../..');
const SCRIPTS = [
  'redis-scripts',
  'ledger-scripts',
  'identity-scripts',
  'confirm-script',
  'membership-scripts',
  'lock-scripts',
  'release-script',
  'inquiry-script',
  'prune-script',
  'epoch-script',
  'board-script',
];

/** Every command that a script of a node calls, as the sources have it. */
function called(): readonly string[] {
  const sources = SCRIPTS.map((name) =>
    readFileSync(join(ROOT, `libs/distributed-schedule/src/redis/scripts/${name}.ts`), 'utf8'),
  );
  const found = [...sources.join('\n').matchAll(/redis\.p?call\(\s*'([A-Z]+)'/g)].map(
    ([, command]) => command,
  );
  return [...new Set(found)].filter((command): command is string => command !== undefined).sort();
}

describe('the handshake', () => {
  it('asks for every command that a script calls, and for no other', () => {
    expect([...Object.keys(SCRIPT_COMMANDS), 'INFO'].sort()).toEqual(called());
  });
});

describe('the errors page', () => {
  it('lists the rights that are needed', () => {
    const page = readFileSync(join(ROOT, 'docs/errors.md'), 'utf8');
    const line = /ACL SETUSER shop on >password ([\s\S]*?)```/.exec(page)?.[1] ?? '';
    const listed = line.split(/\s+/).filter((word) => word !== '' && word !== '-@all');
    expect(listed.sort()).toEqual(allRights('{shop}').split(' ').sort());
  });
});
