/** README and docs/policies.md tell what each policy does: 4 + 3 + 2 facts. Each of their 24 combinations runs in test/unit/protocol/run. */

import { describe, expect, it } from 'vitest';
import { textOf } from '../../support/page-files.js';
import { MISFIRE_WORDS, OVERLAP_WORDS, RECOVERY_WORDS } from '../protocol/run/policy-rows.js';

const FACTS = [OVERLAP_WORDS, MISFIRE_WORDS, RECOVERY_WORDS].flatMap((words) => Object.entries(words));

describe.each(['../README.md', 'policies.md'])('the policies in %s', (page) => {
  const told = [...textOf(page).matchAll(/^\|[^|]*\|[^|]*\| `(\w+)`: (.*) \|$/gm)];

  it('are told in their order, the default first', () => {
    expect(told.map(([, policy]) => policy)).toEqual(FACTS.map(([policy]) => policy));
  });

  it.each(FACTS.map(([policy, words], index) => ({ policy, words, index })))(
    '$policy: $words',
    ({ words, index }) => {
      expect(told[index]?.[2]?.replace(/^(it|they|that tick) /, '')).toBe(words);
    },
  );
});
