import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..', '..', '..');
const library = join(root, 'libs', 'distributed-schedule');

/** Puts what would be published into the folder. `PACKAGE_IS_BUILT`: scripts/test.mjs has just built it. The path of the tarball. */
export async function packLibrary(folder: string): Promise<string> {
  if (process.env.PACKAGE_IS_BUILT === undefined) await run('npm', ['run', 'build'], { cwd: root });
  await run('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: library });
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'));
  if (tarball === undefined) throw new Error('npm pack made no tarball');
  return join(folder, tarball);
}
