/** A plan that once broke a promise, or breaks one when a certain rule is taken out. Kept as a file and replayed first. */

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plan } from './world/plan.js';
import type { Profile } from './world/profile.js';

export interface Regression {
  readonly profile: Profile['name'];
  /** Which breakage it catches. */
  readonly note: string;
  readonly plan: Plan;
}

const DIRECTORY = fileURLToPath(new URL('regressions', import.meta.url));

export function readRegressions(): readonly (Regression & { readonly file: string })[] {
  return readdirSync(DIRECTORY)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => ({ ...(JSON.parse(readFileSync(join(DIRECTORY, file), 'utf8')) as Regression), file }));
}

/** Returns the path of the new file. */
export function writeRegression(name: string, regression: Regression): string {
  mkdirSync(DIRECTORY, { recursive: true });
  const path = join(DIRECTORY, `${name.replaceAll(/[^a-z0-9]+/gi, '-')}.json`);
  writeFileSync(path, `${JSON.stringify(regression, null, 2)}\n`);
  return path;
}
