/** docs/events.md has every event, with what it carries, as protocol/contract/observer.ts has them. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { repositoryRoot } from '../../architecture/source-tree.js';
import { PageFolder } from '../../support/run-page.js';

const read = (path: string): string => readFileSync(join(repositoryRoot, path), 'utf8');

function eventsInCode(): readonly string[] {
  const source = read('libs/distributed-schedule/src/protocol/contract/observer.ts');
  const [, union = ''] = /^export type ScheduleEvent =\n([\s\S]*?);\n\n/m.exec(source) ?? [];
  return [...union.matchAll(/\{\s+readonly type: '(\w+)';?([^}]*)\}/g)].map(([, type = '', rest = '']) =>
    [type, ...[...rest.matchAll(/readonly (\w+)\??:/g)].map(([, field = '']) => field)].join(' '),
  );
}

function eventsOfPage(): readonly string[] {
  const rows = [...read('docs/events.md').matchAll(/^\| `(\w+)` \| ([^|]*) \|/gm)];
  return rows.map(([, type = '', cell = '']) =>
    [type, ...[...cell.matchAll(/`(\w+)`/g)].map(([, field = '']) => field)].join(' '),
  );
}

describe('docs/events.md', () => {
  const page = new PageFolder('events.md');
  afterAll(() => page.remove());

  it('lists every event with its fields, in the order of the code', () => {
    expect(eventsInCode()).toHaveLength(17);
    expect(eventsOfPage()).toEqual(eventsInCode());
  });

  it('has a block that compiles', () => page.compile(), 120_000);
});
