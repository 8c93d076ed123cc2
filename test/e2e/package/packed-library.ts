import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..', '..', '..');
const library = join(root, 'libs', 'distributed-schedule');

/** Builds the library and puts what would be published into the folder. The path of the tarball. */
export async function packLibrary(folder: string): Promise<string> {
  await run('npm', ['run', 'build'], { cwd: root });
  await run('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: library });
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'));
  if (tarball === undefined) throw new Error('npm pack made no tarball');
  return join(folder, tarball);
}
