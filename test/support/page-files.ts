import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const pages = join(import.meta.dirname, '../../docs');

/** The blocks of a page that are whole files, by the path in their first line: what a reader copies. */
export function filesOfPage(page: string): ReadonlyMap<string, string> {
  const text = readFileSync(join(pages, page), 'utf8');
  const files = new Map<string, string>();
  for (const [, code = ''] of text.matchAll(/^```ts\n(.*?)^```$/gms)) {
    const [, path] = /^\/\/ (\S+\.ts)\n/.exec(code) ?? [];
    if (path === undefined)
      throw new Error(`a block of ${page} does not say in which file it belongs:\n${code}`);
    files.set(path, code);
  }
  return files;
}

export function writeFiles(folder: string, files: ReadonlyMap<string, string>): void {
  for (const [path, code] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), code);
  }
}
