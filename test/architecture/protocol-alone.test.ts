import { join } from 'node:path';
import ts from 'typescript';
import { expect, it } from 'vitest';
import { repositoryRoot, sourceFiles } from './source-tree.js';

/** What the compiler says about these files when nothing but ES2023 and AbortSignal exists. */
function complaintsWithoutPlatform(files: readonly string[], extra: Record<string, string> = {}): string[] {
  const options: ts.CompilerOptions = {
    types: [],
    lib: ['lib.es2023.d.ts'],
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (path) => path in extra || fileExists(path);
  host.getSourceFile = (path, version) =>
    path in extra
      ? ts.createSourceFile(path, extra[path] ?? '', version)
      : getSourceFile.call(host, path, version);
  const platform = join(import.meta.dirname, 'platform', 'abort-signal.d.ts');
  const program = ts.createProgram([platform, ...files, ...Object.keys(extra)], options, host);
  return ts
    .getPreEmitDiagnostics(program)
    .map(
      ({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
    );
}

it('protocol/ and once/ compile with no platform but ES2023 and AbortSignal', () => {
  const files = sourceFiles(['libs/distributed-schedule/src/protocol', 'libs/distributed-schedule/src/once']);
  expect(files).not.toEqual([]);
  expect(complaintsWithoutPlatform(files.map((file) => join(repositoryRoot, file.path)))).toEqual([]);
});

it('code that asks the platform for anything else would not compile there', () => {
  const statements = [
    'process.pid',
    'setTimeout(() => {}, 1)',
    "Buffer.from('')",
    'performance.now()',
    "fetch('')",
  ];
  const probes = Object.fromEntries(
    statements.map((text, n) => [`/probe-${n}.ts`, `export const probe = ${text};`]),
  );
  const complaints = complaintsWithoutPlatform([], probes);
  for (const path of Object.keys(probes)) expect(complaints).toContainEqual(expect.stringContaining(path));
});
