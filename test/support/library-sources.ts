import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const sources = join(import.meta.dirname, '../../libs/distributed-schedule/src');

/** The text of a source of the library, by the name of its file: whatever room it lies in. */
export function sourceOf(file: string): string {
  const found = readdirSync(sources, { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && entry.name === file,
  );
  const [entry] = found;
  if (entry === undefined || found.length > 1) throw new Error(`${found.length} sources are called ${file}`);
  return readFileSync(join(entry.parentPath, entry.name), 'utf8');
}
