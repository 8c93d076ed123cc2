// The loader behind typescript.mjs. Runs in Node's loader thread.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import ts from 'typescript';

const root = join(import.meta.dirname, '..');
const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
const ownSources = /^(?!.*\/node_modules\/).*\.ts$/;

/** The names under which the sources import the library, and TypeScript's habit of writing `.js` for `.ts`. */
export async function resolve(specifier, context, next) {
  const [target] = config.compilerOptions.paths[specifier] ?? [];
  if (target !== undefined) return next(pathToFileURL(join(root, target)).href, context);
  if (specifier.startsWith('.') && specifier.endsWith('.js') && ownSources.test(context.parentURL ?? '')) {
    const source = new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL);
    if (existsSync(source)) return next(source.href, context);
  }
  return next(specifier, context);
}

export async function load(url, context, next) {
  if (!url.startsWith('file:') || !ownSources.test(url)) return next(url, context);
  const path = fileURLToPath(url);
  const { outputText } = ts.transpileModule(readFileSync(path, 'utf8'), {
    fileName: path,
    compilerOptions: {
      ...options,
      // Alone, a file cannot tell its format; everything in this repository is ESM.
      module: ts.ModuleKind.ESNext,
      sourceMap: false,
      inlineSourceMap: true,
      inlineSources: true,
    },
  });
  return { format: 'module', source: outputText, shortCircuit: true };
}
