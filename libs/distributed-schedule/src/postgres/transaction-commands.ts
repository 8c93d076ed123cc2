/** Which command of a text ends or begins a transaction, by PostgreSQL's lexical rules (manual, 4.1). */

const SPACE = /\s+/y;
const LINE_COMMENT = /--[^\n]*/y;
const QUOTED = /"(?:[^"]|"")*(?:"|$)/y;
/** With backslashes as they are, as `standard_conforming_strings` has it. */
const TEXT = /'(?:[^']|'')*(?:'|$)/y;
const ESCAPED_TEXT = /[eE]'(?:[^'\\]|''|\\[\s\S])*(?:'|$)/y;
const DOLLAR_TAG = /\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$/uy;
const WORD = /[\p{L}_][\p{L}\p{N}_$]*/uy;
const COMMENT_EDGE = /\/\*|\*\//g;

/** Those that end a transaction or begin one, whatever follows. */
const ALWAYS: ReadonlySet<string> = new Set(['BEGIN', 'START', 'COMMIT', 'END', 'ABORT']);
/** May stand between ROLLBACK and what it goes back to. */
const FILLERS: ReadonlySet<string> = new Set(['WORK', 'TRANSACTION']);
const MAX_WORDS = 3;

/** The first such command in the text, in upper case; undefined where there is none. */
export function transactionCommand(text: string): string | undefined {
  for (const words of leadingWords(text)) {
    const [first = '', ...rest] = words;
    if (ALWAYS.has(first)) return first;
    if (first === 'ROLLBACK' && rest.find((word) => !FILLERS.has(word)) !== 'TO') return first;
    if (first === 'PREPARE' && rest[0] === 'TRANSACTION') return 'PREPARE TRANSACTION';
  }
  return undefined;
}

function leadingWords(text: string): readonly (readonly string[])[] {
  const statements: string[][] = [];
  let words: string[] = [];
  let areLeading = true;
  for (let at = 0; at < text.length; ) {
    const skipped = skip(text, at);
    const word = skipped === at ? matchAt(WORD, text, at) : undefined;
    if (skipped > at) at = skipped;
    else if (text[at] === ';') {
      statements.push(words);
      words = [];
      areLeading = true;
      at += 1;
    } else if (word !== undefined) {
      // The body of a function has statements of its own. What comes after it only the server sees.
      if (words[0] === 'CREATE' && word.toUpperCase() === 'ATOMIC') return statements;
      if (areLeading && words.length < MAX_WORDS) words.push(word.toUpperCase());
      at += word.length;
    } else {
      areLeading = false;
      at += 1;
    }
  }
  return [...statements, words];
}

/** Where what is no part of a command ends: space, a comment, a text, a quoted name. */
function skip(text: string, at: number): number {
  for (const pattern of [SPACE, LINE_COMMENT, TEXT, ESCAPED_TEXT, QUOTED]) {
    const found = matchAt(pattern, text, at);
    if (found !== undefined) return at + found.length;
  }
  if (text.startsWith('/*', at)) return endOfComment(text, at);
  const tag = matchAt(DOLLAR_TAG, text, at);
  if (tag === undefined) return at;
  const end = text.indexOf(tag, at + tag.length);
  return end < 0 ? text.length : end + tag.length;
}

/** Comments of this kind may stand inside each other. */
function endOfComment(text: string, at: number): number {
  let depth = 0;
  COMMENT_EDGE.lastIndex = at;
  for (let edge = COMMENT_EDGE.exec(text); edge !== null; edge = COMMENT_EDGE.exec(text)) {
    depth += edge[0] === '/*' ? 1 : -1;
    if (depth === 0) return COMMENT_EDGE.lastIndex;
  }
  return text.length;
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}
