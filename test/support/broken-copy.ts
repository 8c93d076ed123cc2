/** A copy of the sources in which one rule is broken on purpose, to see whether a proof notices. */

import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { removeFolder, temporaryFolder } from './leftovers.js';

/** A change of one place in the sources that removes or weakens one rule. */
export interface Breakage {
  readonly name: string;
  /** Below the library's src. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const LIBRARY = 'libs/distributed-schedule/src';
const COPIED = [
  'libs',
  'apps',
  'test',
  'scripts',
  'tsconfig.json',
  'tsconfig.check.json',
  'nest-cli.json',
  'vitest.config.ts',
  'package.json',
];

export class BrokenCopy {
  private constructor(readonly root: string) {}

  static make(): BrokenCopy {
    const root = temporaryFolder('broken');
    for (const part of COPIED) cpSync(join(ROOT, part), join(root, part), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'));
    return new BrokenCopy(root);
  }

  /** Breaks the copy while `work` lasts. Throws when the place to break is no longer there. */
  async whileBroken<T>(breakage: Breakage, work: () => T | Promise<T>): Promise<T> {
    const path = join(this.root, LIBRARY, breakage.file);
    const source = readFileSync(path, 'utf8');
    if (!source.includes(breakage.find)) {
      throw new Error(`breakage '${breakage.name}': its place in ${breakage.file} has changed`);
    }
    writeFileSync(
      path,
      source.replace(breakage.find, () => breakage.replace),
    );
    try {
      return await work();
    } finally {
      writeFileSync(path, source);
    }
  }

  remove(): void {
    removeFolder(this.root);
  }
}
