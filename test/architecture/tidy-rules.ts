import { dirname, posix } from 'node:path';
import ts from 'typescript';
import type { SourceFile } from './source-tree.js';

/** Budgets in lines: over the first is worth a look, over the second fails. */
export const FILE_LINES = { watched: 170, most: 200 } as const;
/** In a longer one a reader loses what its tests are about. */
export const TEST_FILE_LINES = 300;
export const FUNCTION_LINES = { watched: 45, most: 50 } as const;

/** As biome.json has it. */
const LINE_WIDTH = 110;
/** A declaration needs a block, and an `if` in an `if` is read twice without one. */
const NEEDS_BRACES = new Set([
  ts.SyntaxKind.VariableStatement,
  ts.SyntaxKind.FunctionDeclaration,
  ts.SyntaxKind.ClassDeclaration,
  ts.SyntaxKind.IfStatement,
]);

/** File names that say nothing about what is inside. */
const EMPTY_NAMES = /^(utils?|commons?|helpers?|types|interfaces?|managers?|misc|shared|constants?\.util)$/;
const KEBAB_CASE = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*$/;

/** A global that reads time or randomness or arms a timer, wherever it stands in the code. */
const IMPURE_GLOBALS = new Set(['setTimeout', 'setInterval', 'performance', 'hrtime']);
const IMPURE_MEMBERS = new Set(['Date.now', 'Math.random']);
const IMPURE_MODULES = /^(node:)?(timers|timers\/promises|perf_hooks)$/;

export interface Finding {
  readonly path: string;
  readonly line: number;
  readonly what: string;
}

const PARSED = new WeakMap<SourceFile, ts.SourceFile>();

/** Reads of real time or randomness, and timers. `new Date(epochMs)` is pure and allowed. */
export function findImpurity(file: SourceFile): Finding[] {
  return collect(file, (node) => {
    if (ts.isIdentifier(node) && IMPURE_GLOBALS.has(node.text)) return node.text;
    if (ts.isPropertyAccessExpression(node)) {
      const member = `${node.expression.getText()}.${node.name.text}`;
      return IMPURE_MEMBERS.has(member) ? member : undefined;
    }
    if (ts.isNewExpression(node) && node.expression.getText() === 'Date') {
      return (node.arguments?.length ?? 0) === 0 ? 'new Date()' : undefined;
    }
    return ts.isStringLiteral(node) && ts.isImportDeclaration(node.parent) && IMPURE_MODULES.test(node.text)
      ? node.text
      : undefined;
  });
}

export function findConsole(file: SourceFile): Finding[] {
  return collect(file, (node) =>
    ts.isPropertyAccessExpression(node) && node.expression.getText() === 'console'
      ? `console.${node.name.text}`
      : undefined,
  );
}

/** A promise to nobody: a TODO needs the number of an issue, as in `TODO(#12)`. */
export function findBareTodo(file: SourceFile): Finding[] {
  return file.text.split('\n').flatMap((line, index) => {
    const [word] = line.match(/\b(TODO|FIXME|XXX)\b(?!\(#\d+\))/) ?? [];
    return word === undefined ? [] : [{ path: file.path, line: index + 1, what: word }];
  });
}

export function findLongFunctions(file: SourceFile, most: number): Finding[] {
  return collect(file, (node, source) => {
    if (!ts.isFunctionLike(node) || !('body' in node) || node.body === undefined) return undefined;
    const lines = lineOf(source, node.end) - lineOf(source, node.getStart()) + 1;
    return lines > most ? `${node.name?.getText() ?? 'anonymous function'} has ${lines} lines` : undefined;
  });
}

/** Braces around one statement that would fit on the line of its condition. What stands there in one line is read in one look. */
export function findNeedlessBraces(file: SourceFile): Finding[] {
  return collect(file, (node, source) => {
    const body = bodyOf(node);
    if (body === undefined || !ts.isBlock(body)) return undefined;
    const [only, ...others] = body.statements;
    if (only === undefined || others.length > 0 || NEEDS_BRACES.has(only.kind)) return undefined;
    const inside = file.text.slice(body.getStart() + 1, body.end - 1).trim();
    const indent = source.getLineAndCharacterOfPosition(node.getStart()).character;
    const line = `${file.text.slice(node.getStart(), body.getStart())}${only.getText()}`;
    const fits = !line.includes('\n') && indent + line.length <= LINE_WIDTH;
    return fits && inside === only.getText() ? `braces around '${inside}'` : undefined;
  });
}

/** Of an `if` without an `else`, or of a loop. */
function bodyOf(node: ts.Node): ts.Statement | undefined {
  if (ts.isIfStatement(node)) {
    const isElse = ts.isIfStatement(node.parent) && node.parent.elseStatement === node;
    return isElse || node.elseStatement !== undefined ? undefined : node.thenStatement;
  }
  const isLoop = ts.isIterationStatement(node, false) && !ts.isDoStatement(node);
  return isLoop ? node.statement : undefined;
}

/** What imports neither Nest, nor a file that does, belongs to a floor below nest/. */
export function findHomeless(file: SourceFile): Finding[] {
  const imported = ts.preProcessFile(file.text).importedFiles.map(({ fileName }) => fileName);
  const inNest = (name: string): boolean =>
    name.startsWith('.') && posix.join(dirname(file.path), name).includes('/src/nest/');
  const needsNest = imported.some((name) => /^(@nestjs\/|reflect-metadata$)/.test(name) || inNest(name));
  return needsNest ? [] : [{ path: file.path, line: 1, what: 'needs nothing of Nest' }];
}

export function findLongFile(file: SourceFile, most: number): Finding[] {
  const lines = file.text.trimEnd().split('\n').length;
  return lines > most ? [{ path: file.path, line: lines, what: `${lines} lines` }] : [];
}

export function findPoorName(file: SourceFile): Finding[] {
  const parts = file.path.replace(/\.(d\.)?[a-z]+$/, '').split('/');
  return parts
    .filter((part) => part.split('.').some((word) => EMPTY_NAMES.test(word)) || !KEBAB_CASE.test(part))
    .map((part) => ({ path: file.path, line: 1, what: `'${part}' is no noun in kebab-case` }));
}

function collect(
  file: SourceFile,
  say: (node: ts.Node, source: ts.SourceFile) => string | undefined,
): Finding[] {
  const source = parsed(file);
  const findings: Finding[] = [];
  const visit = (node: ts.Node): void => {
    const what = say(node, source);
    if (what !== undefined) findings.push({ path: file.path, line: lineOf(source, node.getStart()), what });
    ts.forEachChild(node, visit);
  };
  visit(source);
  return findings;
}

/** Once per file: each rule would else parse the whole tree again. */
function parsed(file: SourceFile): ts.SourceFile {
  const source = PARSED.get(file) ?? ts.createSourceFile(file.path, file.text, ts.ScriptTarget.ES2023, true);
  PARSED.set(file, source);
  return source;
}

function lineOf(source: ts.SourceFile, position: number): number {
  return source.getLineAndCharacterOfPosition(position).line + 1;
}
