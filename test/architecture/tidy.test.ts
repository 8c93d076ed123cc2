import { describe, expect, it } from 'vitest';
import { sourceFiles } from './source-tree.js';
import {
  FILE_LINES,
  type Finding,
  FUNCTION_LINES,
  findBareTodo,
  findConsole,
  findHomeless,
  findImpurity,
  findLongFile,
  findLongFunctions,
  findNeedlessBraces,
  findPoorName,
  TEST_FILE_LINES,
} from './tidy-rules.js';

const everything = sourceFiles(['libs', 'apps', 'scripts', 'test'], ['.ts', '.mjs']);
const tests = everything.filter((file) => file.path.startsWith('test/'));
const code = everything.filter((file) => !file.path.startsWith('test/'));
const library = code.filter((file) => file.path.startsWith('libs/') && file.path.endsWith('.ts'));

const show = (finding: Finding): string => `${finding.path}:${finding.line} ${finding.what}`;
const probe = (text: string, path = 'probe.ts') => ({ path, text });

describe('the library', () => {
  it('reads real time and randomness only in system/', () => {
    const pure = library.filter((file) => !file.path.includes('/src/system/'));
    expect(pure.flatMap(findImpurity).map(show)).toEqual([]);
  });

  it('has in nest/ only what needs Nest', () => {
    const inNest = library.filter((file) => file.path.includes('/src/nest/'));
    expect(inNest).not.toEqual([]);
    expect(inNest.flatMap(findHomeless).map(show)).toEqual([]);
  });

  it('never writes to the console', () => {
    expect(library.flatMap(findConsole).map(show)).toEqual([]);
  });
});

describe('the tree', () => {
  it('has no file over its budget', () => {
    const watched = code.flatMap((file) => findLongFile(file, FILE_LINES.watched));
    if (watched.length > 0) process.stdout.write(`worth a look: ${watched.map(show).join(', ')}\n`);
    expect(code.flatMap((file) => findLongFile(file, FILE_LINES.most)).map(show)).toEqual([]);
  });

  it('has no test file over its budget', () => {
    expect(tests).not.toEqual([]);
    expect(tests.flatMap((file) => findLongFile(file, TEST_FILE_LINES)).map(show)).toEqual([]);
  });

  it('has no function over its budget', () => {
    const watched = code.flatMap((file) => findLongFunctions(file, FUNCTION_LINES.watched));
    if (watched.length > 0) process.stdout.write(`worth a look: ${watched.map(show).join(', ')}\n`);
    expect(code.flatMap((file) => findLongFunctions(file, FUNCTION_LINES.most)).map(show)).toEqual([]);
  });

  it('names each file after what is inside', () => {
    expect(everything.flatMap(findPoorName).map(show)).toEqual([]);
  });

  it('has no braces around one short statement', () => {
    expect(everything.flatMap(findNeedlessBraces).map(show)).toEqual([]);
  });

  it('keeps no promise without the number of an issue', () => {
    const outsideOfThisRule = everything.filter((file) => !file.path.startsWith('test/architecture/tidy'));
    expect(outsideOfThisRule.flatMap(findBareTodo).map(show)).toEqual([]);
  });
});

describe('the rules', () => {
  it.each([
    'const now = Date.now();',
    'const today = new Date();',
    'const chance = Math.random();',
    'setTimeout(tick, 5);',
    'globalThis.setInterval(tick, 5);',
    'const now = performance.now();',
    'const now = process.hrtime.bigint();',
    "import { setTimeout as sleep } from 'node:timers/promises';",
  ])('find impurity in: %s', (text) => {
    expect(findImpurity(probe(text))).not.toEqual([]);
  });

  it.each(['const at = new Date(epochMs);', '// Date.now is not read here', "const text = 'Math.random';"])(
    'find none in: %s',
    (text) => {
      expect(findImpurity(probe(text))).toEqual([]);
    },
  );

  it('find a write to the console, but not the word', () => {
    expect(findConsole(probe("console.log('x');"))).toHaveLength(1);
    expect(findConsole(probe('// console.log'))).toEqual([]);
  });

  it('find a file in nest/ that needs nothing of Nest', () => {
    const inNest = (text: string) => findHomeless(probe(text, 'libs/a/src/nest/log/line.ts'));
    expect(inNest("import { spoken } from '../../messages/spoken.js';")).toHaveLength(1);
    expect(inNest("import { Logger } from '@nestjs/common';")).toEqual([]);
    expect(inNest("import { TOKEN } from '../tokens.js';")).toEqual([]);
  });

  it('find a long function and a long file', () => {
    const long = `function long() {\n${'  step();\n'.repeat(69)}}\n`;
    expect(findLongFunctions(probe(long), 70).map(show)).toEqual(['probe.ts:1 long has 71 lines']);
    expect(findLongFile(probe(long), 70)).toHaveLength(1);
    expect(findLongFile(probe(long), 71)).toEqual([]);
  });

  it.each(['if (a) {\n  b();\n}', 'for (const a of b) {\n  c(a);\n}', 'while (a) {\n  b();\n}'])(
    'find needless braces in: %s',
    (text) => {
      expect(findNeedlessBraces(probe(text))).toHaveLength(1);
    },
  );

  it.each([
    'if (a) b();',
    'if (a) {\n  b();\n} else {\n  c();\n}',
    'if (a) {\n  // why\n  b();\n}',
    'if (a) {\n  if (b) c();\n}',
    `if (a) {\n  b('${'x'.repeat(100)}');\n}`,
    'const a = () => {\n  b();\n};',
  ])('find none in: %s', (text) => {
    expect(findNeedlessBraces(probe(text))).toEqual([]);
  });

  it.each([
    'libs/a/src/utils.ts',
    'libs/a/src/common/clock.ts',
    'libs/a/src/TickLoop.ts',
    'apps/a/job.types.ts',
  ])('find no meaning in the name %s', (path) => {
    expect(findPoorName(probe('', path))).toHaveLength(1);
  });

  it('find a promise to nobody, but not one with the number of an issue', () => {
    expect(findBareTodo(probe('// TODO later'))).toHaveLength(1);
    expect(findBareTodo(probe('// TODO(#12) later'))).toEqual([]);
  });
});
