/** Runs the blocks of a page as a reader would: in a folder of their own, with vitest, against the sources of the library. */

import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { filesOfPage, writeFiles } from './page-files.js';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');
const ENTRIES = ['postgres', 'terminus', 'testing'];

export interface PageRun {
  /** What vitest says of each test: title and state. */
  readonly tests: readonly { readonly title: string; readonly state: string }[];
}

/** Inside the repository, so that its packages are found, and where nothing is kept. */
export class PageFolder {
  private readonly folder: string;

  constructor(page: string) {
    mkdirSync(join(root, 'dist'), { recursive: true });
    this.folder = mkdtempSync(join(root, 'dist', 'page-'));
    writeFiles(this.folder, filesOfPage(page));
    const library = join(root, 'libs/distributed-schedule/src');
    const names = [
      'nestjs-distributed-schedule',
      ...ENTRIES.map((entry) => `nestjs-distributed-schedule/${entry}`),
    ];
    const paths = Object.fromEntries(
      names.map((name) => [name, [join(library, name.split('/')[1] ?? '', 'index.ts')]]),
    );
    this.write('package.json', { private: true, type: 'module', name: 'shop' });
    this.write('tsconfig.json', {
      extends: join(root, 'tsconfig.json'),
      compilerOptions: {
        module: 'ESNext',
        moduleResolution: 'bundler',
        // What a starter of Nest has, and not what this repository asks of itself.
        verbatimModuleSyntax: false,
        noEmit: true,
        sourceMap: false,
        rootDir: root,
        types: ['node', 'vitest/globals'],
        paths,
      },
      include: ['src', 'test'],
      exclude: ['test/*.jest.*'],
    });
    writeFileSync(
      join(this.folder, 'vitest.config.mjs'),
      'export default { resolve: { tsconfigPaths: true }, test: { globals: true, include: ["**/*{.,-}spec.ts"] } };\n',
    );
  }

  async compile(): Promise<void> {
    await run(join(root, 'node_modules/.bin/tsc'), ['-p', this.folder]).catch(
      ({ stdout }: { stdout: string }) => {
        throw new Error(stdout);
      },
    );
  }

  /** @param files the spec files to run, as the page names them */
  async test(files: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<PageRun> {
    const inherited = Object.entries(process.env).filter(([key]) => !key.startsWith('VITEST'));
    const report = join(this.folder, 'report.json');
    const args = ['run', '--root', this.folder, '--reporter=json', `--outputFile=${report}`, ...files];
    await run(process.execPath, [join(root, 'node_modules/vitest/vitest.mjs'), ...args], {
      cwd: this.folder,
      env: { ...Object.fromEntries(inherited), ...env },
    }).catch(({ stdout, stderr }: { stdout: string; stderr: string }) => {
      throw new Error(`${stdout}\n${stderr}`);
    });
    const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as JsonReport;
    return {
      tests: testResults.flatMap(({ assertionResults }) =>
        assertionResults.map(({ fullName, status }) => ({ title: fullName, state: status })),
      ),
    };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private write(name: string, value: object): void {
    writeFileSync(join(this.folder, name), JSON.stringify(value, undefined, 2));
  }
}

interface JsonReport {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}
