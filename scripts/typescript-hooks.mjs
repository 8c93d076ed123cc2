// The loader behind typescript.mjs. Runs in Node's loader thread.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = join(import.meta.dirname, '..');
const configText = readFileSync(join(root, 'tsconfig.json'), 'utf8');
const { compilerOptions } = JSON.parse(configText);
const { version } = JSON.parse(readFileSync(join(root, 'node_modules/typescript/package.json'), 'utf8'));
// Tests start hundreds of processes, and each would spend seconds on what the one before has done.
const cache = join(root, 'node_modules/.cache/typescript-hooks');
mkdirSync(cache, { recursive: true });
const ownSources = /^(?!.*\/node_modules\/).*\.ts$/;

/** The names under which tests and apps import the library, and TypeScript's habit of writing `.js` for `.ts`. */
export async function resolve(specifier, context, next) {
  const aliased = aliasedPath(specifier);
  const isRelative = specifier.startsWith('.') && ownSources.test(context.parentURL ?? '');
  if (aliased === undefined && !isRelative) return next(specifier, context);
  const target =
    aliased === undefined ? new URL(specifier, context.parentURL) : pathToFileURL(join(root, aliased));
  const source = new URL(target.href.replace(/\.js$/, '.ts'));
  return next(existsSync(source) ? source.href : target.href, context);
}

/** By `paths` of tsconfig.json, of which a name may end in `*`. */
function aliasedPath(specifier) {
  for (const [name, [target]] of Object.entries(compilerOptions.paths)) {
    if (name === specifier) return target;
    const start = name.endsWith('/*') ? name.slice(0, -1) : undefined;
    if (start !== undefined && specifier.startsWith(start))
      return target.replace('*', () => specifier.slice(start.length));
  }
  return undefined;
}

export async function load(url, context, next) {
  if (!url.startsWith('file:') || !ownSources.test(url)) return next(url, context);
  const path = fileURLToPath(url);
  const text = readFileSync(path, 'utf8');
  return { format: 'module', source: await outputOf(path, text), shortCircuit: true };
}

async function outputOf(path, text) {
  const hash = createHash('sha256');
  // The map names the source by its last part, so copies of a file share what was made of it.
  for (const part of [version, configText, basename(path), text]) hash.update(`${part.length} `).update(part);
  const kept = join(cache, `${hash.digest('hex')}.mjs`);
  if (existsSync(kept)) return readFileSync(kept, 'utf8');
  const output = await transpile(basename(path), text);
  // Whoever reads it at the same time sees all of it or nothing.
  const writing = `${kept}.${process.pid}`;
  writeFileSync(writing, output);
  renameSync(writing, kept);
  return output;
}

async function transpile(fileName, text) {
  const { default: ts } = await import('typescript');
  const { options } = ts.convertCompilerOptionsFromJson(compilerOptions, root);
  const { outputText } = ts.transpileModule(text, {
    fileName,
    compilerOptions: {
      ...options,
      // Alone, a file cannot tell its format; everything in this repository is ESM.
      module: ts.ModuleKind.ESNext,
      sourceMap: false,
      inlineSourceMap: true,
      inlineSources: true,
    },
  });
  return outputText;
}
