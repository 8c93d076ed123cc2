import { expect, it } from 'vitest';
import { AUDIT_CAUSES } from '#src/protocol/contract/audit-finding.js';
import { textOf } from '../../support/page-files.js';

it('docs/audit.md explains every cause of a finding, in the order of the code', () => {
  const [, section = ''] = textOf('audit.md').split(/^## Why$/m);
  const causes = [...(section.split(/^## /m)[0] ?? '').matchAll(/^\| `(\w+)` \|/gm)].map(
    ([, cause]) => cause,
  );
  expect(causes.filter((cause) => cause !== 'cause')).toEqual([...AUDIT_CAUSES]);
});
