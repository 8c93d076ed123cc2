import { afterAll, describe, it } from 'vitest';
import { PageFolder } from '../../support/run-page.js';

describe('docs/runs-that-hang.md', () => {
  const page = new PageFolder('runs-that-hang.md');
  afterAll(() => page.remove());

  it('has a block that compiles', () => page.compile(), 120_000);
});
