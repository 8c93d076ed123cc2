/** docs/observing.md has every event, with what it carries, as protocol/observer.ts has them. */

import { expect, it } from 'vitest';
import { sourceOf } from '../../support/library-sources.js';
import { textOf } from '../../support/page-files.js';

function eventsInCode(): readonly string[] {
  const source = sourceOf('observer.ts');
  const [, union = ''] = /^export type ScheduleEvent =\n([\s\S]*?);\n\n/m.exec(source) ?? [];
  return [...union.matchAll(/\{\s+readonly type: '(\w+)';?([^}]*)\}/g)].map(([, type = '', rest = '']) =>
    [type, ...[...rest.matchAll(/readonly (\w+)\??:/g)].map(([, field = '']) => field)].join(' '),
  );
}

function eventsOfPage(): readonly string[] {
  const [, section = ''] = textOf('observing.md').split(/^## Events$/m);
  const rows = [...section.matchAll(/^\| `(\w+)` \| ([^|]*) \|/gm)];
  return rows.map(([, type = '', cell = '']) =>
    [type, ...[...cell.matchAll(/`(\w+)`/g)].map(([, field = '']) => field)].join(' '),
  );
}

it('docs/observing.md lists every event with its fields, in the order of the code', () => {
  expect(eventsInCode()).toHaveLength(17);
  expect(eventsOfPage()).toEqual(eventsInCode());
});
