/** The blocks of a page, and the files that they are. */

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { framedFiles } from './page-frames.js';

const root = join(import.meta.dirname, '../..');
const docs = join(root, 'docs');

export interface Block {
  /** What stands behind the fence: `ts`, `sh`, or nothing. */
  readonly language: string;
  readonly code: string;
  /** Of the fence; what goes wrong is named by it. */
  readonly line: number;
  /** `<!-- frame: NAME -->` in the line before: the block is a fragment, and page-frames.ts has what stands around it. */
  readonly frame?: string;
}

/** Every page, by its path from docs/: `control.md`, `protocol/identity.md`, `../README.md`. */
export const PAGES: readonly string[] = [
  ...readdirSync(root)
    .filter((name) => name.endsWith('.md'))
    .map((name) => `../${name}`),
  ...readdirSync(docs, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith('.md')),
].sort();

export function textOf(page: string): string {
  return readFileSync(join(docs, page), 'utf8');
}

export function blocksOf(page: string): readonly Block[] {
  const text = textOf(page);
  const fences = text.matchAll(/^(?:<!-- frame: ([a-z ]+) -->\n)?^( *)```(\w*)\n(.*?)^\2```$/gms);
  return [...fences].map(({ index, 0: all, 1: frame, 3: language = '', 4: code = '' }) => {
    const line = text.slice(0, index).split('\n').length + (frame === undefined ? 0 : 1);
    if (all === undefined) throw new Error(`${page} has an empty block`);
    return { language, code, line, ...(frame !== undefined && { frame }) };
  });
}

/**
 * The `ts` blocks of a page as files, by path. A block that is a whole file says so in its first line; a fragment names its frame.
 * @throws where a block does neither: nothing is passed over
 */
export function filesOfPage(page: string): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const block of blocksOf(page).filter(({ language }) => language === 'ts'))
    for (const [path, code] of filesOfBlock(page, block)) {
      if (files.has(path)) throw new Error(`${page} has two blocks for ${path}`);
      files.set(path, code);
    }
  return files;
}

function filesOfBlock(page: string, { code, frame, line }: Block): ReadonlyMap<string, string> {
  const [, path] = /^\/\/ (\S+\.ts)\n/.exec(code) ?? [];
  if (path !== undefined) return new Map([[path, code]]);
  if (frame !== undefined) return framedFiles(frame, code, `line-${line}`);
  throw new Error(`the block in line ${line} of ${page} says neither in which file it belongs nor its frame`);
}

export function writeFiles(folder: string, files: ReadonlyMap<string, string>): void {
  for (const [path, code] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), code);
  }
}
