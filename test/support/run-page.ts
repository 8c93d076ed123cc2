/** Compiles and runs the blocks of pages as a reader would: in a folder of their own, with vitest, against the sources of the library. */

import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { filesOfPage, writeFiles } from './page-files.js';
import { STAND_INS } from './page-stand-ins.js';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');
const { compilerOptions } = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8')) as {
  readonly compilerOptions: { readonly paths: Readonly<Record<string, readonly string[]>> };
};

export interface PageTest {
  /** File, from the folder of all pages: `testing/src/settlement.spec.ts`. */
  readonly file: string;
  readonly title: string;
  /** `passed`, or what went wrong. */
  readonly state: string;
}

/** Inside the repository, so that its packages are found, and where nothing is kept. */
export class PageFolder {
  private readonly folder: string;
  readonly files: readonly string[];

  constructor(pages: readonly string[]) {
    mkdirSync(join(root, 'dist'), { recursive: true });
    this.folder = mkdtempSync(join(root, 'dist', 'pages-'));
    const files = pages.flatMap((page) =>
      [...filesOfPage(page)].map(([path, code]) => [`${folderOf(page)}/${path}`, code] as const),
    );
    this.files = files.map(([path]) => path);
    writeFiles(this.folder, new Map([...files, ...STAND_INS]));
    this.writeSettings();
  }

  /** One program for all pages. */
  async compile(): Promise<void> {
    await run(join(root, 'node_modules/.bin/tsc'), ['-p', this.folder]).catch(
      ({ stdout }: { stdout: string }) => {
        throw new Error(stdout);
      },
    );
  }

  /** @param files the tests to run, as `files` names them */
  async test(
    files: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<readonly PageTest[]> {
    const inherited = Object.entries(process.env).filter(([key]) => !key.startsWith('VITEST'));
    const report = join(this.folder, 'report.json');
    // Loaded once, the library serves all of them.
    const args = [
      'run',
      '--no-isolate',
      '--root',
      this.folder,
      '--reporter=json',
      `--outputFile=${report}`,
      ...files,
    ];
    await run(process.execPath, [join(root, 'node_modules/vitest/vitest.mjs'), ...args], {
      cwd: this.folder,
      env: { ...Object.fromEntries(inherited), ...env },
    }).catch(({ stdout, stderr }: { stdout: string; stderr: string }) => {
      // A test that fails is in the report.
      if (!existsSync(report)) throw new Error(`${stdout}\n${stderr}`);
    });
    const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as JsonReport;
    return testResults.flatMap(({ name, assertionResults }) =>
      assertionResults.map(({ fullName, status, failureMessages }) => ({
        file: relative(this.folder, name),
        title: fullName,
        state: [status, ...failureMessages].join(': '),
      })),
    );
  }

  pathOf(file: string): string {
    return join(this.folder, file);
  }

  /** What a file of a page exports, in this process. */
  load<Exports>(file: string): Promise<Exports> {
    return import(this.pathOf(file)) as Promise<Exports>;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private writeSettings(): void {
    const library = Object.entries(compilerOptions.paths).map(([name, [path = '']]) => [
      name,
      [join(root, path)],
    ]);
    const paths = { ...Object.fromEntries(library), '@nestjs/config': ['./stand-ins/nest-config.ts'] };
    this.write('package.json', { private: true, type: 'module', name: 'shop' });
    this.write('tsconfig.json', {
      extends: join(root, 'tsconfig.json'),
      compilerOptions: {
        ...{ module: 'ESNext', moduleResolution: 'bundler', moduleDetection: 'force' },
        // What a starter of Nest has, and not what this repository asks of itself.
        ...{ verbatimModuleSyntax: false, noUnusedLocals: false, noUnusedParameters: false },
        ...{ noEmit: true, sourceMap: false, rootDir: root, types: ['node', 'vitest/globals'], paths },
      },
      include: ['**/*.ts'],
    });
    writeFileSync(
      join(this.folder, 'vitest.config.mjs'),
      'export default { resolve: { tsconfigPaths: true }, test: { globals: true, include: ["**/*{.,-}spec.ts"] } };\n',
    );
  }

  private write(name: string, value: object): void {
    writeFileSync(join(this.folder, name), JSON.stringify(value, undefined, 2));
  }
}

/** `README` of `../README.md`, `protocol/identity` of `protocol/identity.md`. */
export function folderOf(page: string): string {
  return page.replace('../', '').replace(/\.md$/, '');
}

interface JsonReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}
