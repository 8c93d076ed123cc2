/**
 * Compiles a program of this folder once: its processes are killed and started again all the time, and translating the sources at
 * each start costs seconds of processor time, which the others lack then.
 */

import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
/** Inside the tree, where packages are found. */
const OUTPUT = join(ROOT, 'dist', 'once');

/** The path of the compiled program. */
export function compiled(program: string): string {
  const folder = join(OUTPUT, basename(program, '.ts'));
  mkdirSync(folder, { recursive: true });
  const config = {
    extends: join(ROOT, 'tsconfig.json'),
    // Types are the type check's business.
    compilerOptions: { outDir: '.', rootDir: ROOT, noCheck: true, noEmitOnError: false, sourceMap: false },
    files: [program],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  // Node knows nothing of `paths`: this is the alias of the sources, as they stand below the output.
  const imports = { '#src/*': './libs/distributed-schedule/src/*' };
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'compiled', type: 'module', imports }));
  execFileSync(join(ROOT, 'node_modules', '.bin', 'tsc'), ['-p', folder], { stdio: 'inherit' });
  return join(folder, relative(ROOT, program).replace(/\.ts$/, '.js'));
}
