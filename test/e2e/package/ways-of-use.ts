import { execFile } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { filesOfPage, writeFiles } from '../../support/page-files.js';
import type { Combination, WayOfUse } from './combinations.js';

const run = promisify(execFile);
const sources = join(import.meta.dirname, 'app');

/** An app that does not end by itself is a failure as well. */
const APP_TIMEOUT_MS = 120_000;

/** `app.spec.ts`, and of the page a unit test and three tests of the whole app. */
const MIN_SPECS = 5;

/** A folder with the packed library and its peers, as npm has installed them. */
export interface Installed {
  readonly folder: string;
  /** The Node that compiles and runs. */
  readonly node: string;
}

const STRICT = {
  target: 'ES2022',
  strict: true,
  skipLibCheck: false,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  types: ['node'],
};
const NODENEXT = { ...STRICT, module: 'NodeNext', moduleResolution: 'NodeNext' };
/** What `module: commonjs` has meant in TypeScript 5: no `exports`, but `main`, `types` and `typesVersions`. */
const NODE10 = { ...STRICT, module: 'CommonJS' };

/** Throws if something is wrong. What it prints is judged here, so that each way has one place. */
export const WAYS_OF_USE: Readonly<Record<WayOfUse, (at: Installed) => Promise<void>>> = {
  'every import': (at) => runScript(at, 'every-file.mjs', 'linked'),
  'one copy': (at) => runScript(at, 'tokens.cjs', 'one copy'),
  'CommonJS, node10': (at) => runApp(at, 'node10', 'commonjs', NODE10),
  'CommonJS, nodenext': (at) => runApp(at, 'nodenext', 'commonjs', NODENEXT),
  ESM: (at) => runApp(at, 'esm', 'module', NODENEXT),
  // The settings of the starters of Nest 11 and 12, but for the folder.
  'Jest, ts-jest': (at) => runJest(at, 'ts-jest', 'ts-jest'),
  'Jest, swc': (at) => runJest(at, 'swc-jest', '@swc/jest'),
  vitest: runVitest,
  'peers left to npm': withoutSchedule,
};

/** The shared cache of npm makes all but the first install cheap. */
export async function installCombination(
  folder: string,
  { peers, tools }: Combination,
  tarball: string,
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  const named = Object.entries({ ...peers, ...tools }).map(([name, version]) => `${name}@${version}`);
  // As a user's npm: a parent npm hands down its silence, and that this repository is strict about engines.
  const quiet = [
    '--loglevel=error',
    '--no-engine-strict',
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
    '--no-package-lock',
  ];
  await run('npm', ['install', ...quiet, tarball, ...named], { cwd: folder });
}

async function runScript({ folder, node }: Installed, script: string, expected: string): Promise<void> {
  copyFileSync(join(sources, script), join(folder, script));
  const { stdout } = await run(node, [script], { cwd: folder, timeout: APP_TIMEOUT_MS });
  if (stdout !== expected) throw new Error(`${script} printed ${stdout}`);
}

async function runApp(at: Installed, name: string, type: string, options: object): Promise<void> {
  const seen = await compileAndRun(at, name, type, options, 'app.ts');
  const [first = Number.NaN, second] = seen.ticks;
  if (first % 1_000 !== 0 || second !== first + 1_000) throw new Error(`ticks: ${seen.ticks}`);
  const rest = JSON.stringify([seen.ready, seen.started, seen.jobs, seen.entries]);
  const expected = '["up","up",["plain","report","settle"],["function","function"]]';
  if (rest !== expected) throw new Error(`${rest} instead of ${expected}`);
}

/** npm chooses the peers, and must not choose a @nestjs/schedule that Jest cannot load. */
async function withoutSchedule(at: Installed): Promise<void> {
  if (existsSync(join(at.folder, 'node_modules', '@nestjs', 'schedule'))) {
    throw new Error('npm has installed @nestjs/schedule, which nobody asked for');
  }
  const { ticks } = await compileAndRun(at, 'bare', 'commonjs', NODENEXT, 'bare.ts');
  if (ticks.length !== 2) throw new Error(`ticks: ${ticks}`);
}

interface Seen {
  readonly ticks: number[];
  readonly ready: unknown;
  readonly started: unknown;
  readonly jobs: unknown;
  readonly entries: unknown;
}

async function compileAndRun(
  at: Installed,
  name: string,
  type: string,
  compilerOptions: object,
  source: string,
): Promise<Seen> {
  const cwd = join(at.folder, name);
  const script = source.replace('.ts', '.js');
  // What the compiler makes of it is the same on every version of Node.
  if (!existsSync(join(cwd, script))) await compile(at, cwd, type, compilerOptions, source);
  const { stdout } = await run(at.node, [script], { cwd, timeout: APP_TIMEOUT_MS });
  return JSON.parse(stdout) as Seen;
}

async function compile(
  at: Installed,
  cwd: string,
  type: string,
  compilerOptions: object,
  source: string,
): Promise<void> {
  mkdirSync(cwd, { recursive: true });
  copyFileSync(join(sources, source), join(cwd, source));
  writeJson(join(cwd, 'package.json'), { private: true, type });
  writeJson(join(cwd, 'tsconfig.json'), {
    compilerOptions: { ...compilerOptions, noEmitOnError: true },
    files: [source],
  });
  await run(at.node, [join(at.folder, 'node_modules', 'typescript', 'bin', 'tsc')], { cwd }).catch(
    ({ stdout }: { stdout: string }) => {
      throw new Error(stdout);
    },
  );
}

async function runJest(at: Installed, name: string, transformer: string): Promise<void> {
  const cwd = layOutTests(at, name, { ...NODE10, isolatedModules: true }, 'jest');
  const decorators = {
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true },
  };
  const transform =
    transformer === 'ts-jest'
      ? transformer
      : [transformer, { jsc: decorators, module: { type: 'commonjs' } }];
  writeJson(join(cwd, 'jest.config.json'), {
    moduleFileExtensions: ['js', 'json', 'ts'],
    testRegex: '.*[.-]spec\\.ts$',
    transform: { '^.+\\.(t|j)s$': transform },
    testEnvironment: 'node',
  });
  const script = join(at.folder, 'node_modules', 'jest', 'bin', 'jest.js');
  const { stdout } = await run(at.node, [script, '--json'], { cwd, timeout: APP_TIMEOUT_MS });
  requireAllSpecs(cwd, stdout);
}

/** A runner that passes over a file would be content as well. Both runners report in the format of Jest. */
function requireAllSpecs(cwd: string, report: string): void {
  const { success, testResults } = JSON.parse(report) as {
    success: boolean;
    testResults: { name: string }[];
  };
  const found = readdirSync(cwd, { recursive: true }).filter((path) => /[.-]spec\.ts$/.test(String(path)));
  if (success && found.length >= MIN_SPECS && testResults.length === found.length) return;
  throw new Error(`${testResults.map(({ name }) => name)} of ${found} were run`);
}

async function runVitest(at: Installed): Promise<void> {
  const cwd = layOutTests(at, 'vitest', NODENEXT, 'vitest');
  writeFileSync(
    join(cwd, 'vitest.config.mjs'),
    'export default { test: { globals: true, include: ["**/*{.,-}spec.ts"] } };\n',
  );
  const script = join(at.folder, 'node_modules', 'vitest', 'vitest.mjs');
  const settings = ['run', '--root', cwd, '--reporter=json'];
  // vitest tells its own workers by these who they are.
  const env = Object.fromEntries(Object.entries(process.env).filter(([key]) => !key.startsWith('VITEST')));
  const { stdout } = await run(at.node, [script, ...settings], { cwd, env, timeout: APP_TIMEOUT_MS });
  requireAllSpecs(cwd, stdout);
}

/** What `docs/testing.md` shows is tried too, but for what needs a server (test/integration/docs) and the blocks of the other runner. */
function layOutTests(
  at: Installed,
  name: string,
  compilerOptions: object,
  runner: 'jest' | 'vitest',
): string {
  const cwd = join(at.folder, name);
  mkdirSync(cwd, { recursive: true });
  const other = runner === 'jest' ? 'vitest' : 'jest';
  const fitting = [...filesOfPage('testing.md')].filter(
    ([path]) => !path.includes(`.${other}.`) && !path.includes('real-redis'),
  );
  writeFiles(cwd, new Map(fitting));
  copyFileSync(join(sources, 'app.spec.ts'), join(cwd, 'app.spec.ts'));
  writeJson(join(cwd, 'package.json'), { private: true });
  // vite compiles decorators only in files that are the configuration's.
  writeJson(join(cwd, 'tsconfig.json'), { compilerOptions, include: ['**/*.ts'] });
  return cwd;
}

function writeJson(path: string, value: object): void {
  writeFileSync(path, JSON.stringify(value, undefined, 2));
}
