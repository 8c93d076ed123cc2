// Links every file of the package with the peers that are installed here. Node refuses a named import that the
// other side does not export, so one that a version of a peer lacks cannot hide in a file that the app never loads.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const folder = join(fileURLToPath(import.meta.resolve('nestjs-distributed-schedule/package.json')), '..');
const files = readdirSync(join(folder, 'dist', 'esm'), { recursive: true }).filter((file) =>
  file.endsWith('.js'),
);
for (const file of files) {
  try {
    await import(pathToFileURL(join(folder, 'dist', 'esm', file)).href);
  } catch (error) {
    process.stderr.write(`${file}: ${error.message}\n`);
    process.exitCode = 1;
  }
}
process.stdout.write(files.length > 0 ? 'linked' : 'no files');
