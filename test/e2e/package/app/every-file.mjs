// Links every file of the package with the peers that are installed here. Node refuses a named import that the
// other side does not export, so one that a version of a peer lacks cannot hide in a file that the app never loads.

import { readdirSync } from 'node:fs';

const folder = new URL('.', import.meta.resolve('nestjs-distributed-schedule'));
const files = readdirSync(folder, { recursive: true }).filter((file) => file.endsWith('.js'));
for (const file of files) {
  try {
    await import(new URL(file, folder).href);
  } catch (error) {
    process.stderr.write(`${file}: ${error.message}\n`);
    process.exitCode = 1;
  }
}
process.stdout.write(files.length > 100 ? 'linked' : `only ${files.length} files`);
