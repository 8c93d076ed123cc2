#!/usr/bin/env node
// Builds what is published: libs/distributed-schedule/dist with an ESM and a CommonJS copy of the library.
// With --check it also judges the result as a package, the way users' tools will see it.
//
// Two plain compiler runs and no bundler, so that a stack trace of a user leads to a file of the same name here.

import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';

const root = join(import.meta.dirname, '..');
const packageFolder = join(root, 'libs', 'distributed-schedule');
const dist = join(packageFolder, 'dist');
/** What a reader of README.md is sent to goes with it. */
const PAGES = ['LICENSE', 'ARCHITECTURE.md', 'CHANGELOG.md', 'SECURITY.md', 'docs'];
const bin = (name) => join(root, 'node_modules', '.bin', name);

build();
requireCleanTypes();
if (process.argv.includes('--check')) {
  await checkWithPublint();
  checkWithAttw();
}
process.stdout.write('libs/distributed-schedule/dist is built: ESM, CommonJS and types\n');

function build() {
  rmSync(dist, { recursive: true, force: true });
  for (const format of ['esm', 'cjs']) {
    run(bin('tsc'), ['-p', join(packageFolder, `tsconfig.${format}.json`)]);
  }
  writeFileSync(join(dist, 'cjs', 'package.json'), '{ "type": "commonjs" }\n');
  for (const page of PAGES) {
    // A page that is gone must not be published from an earlier build.
    rmSync(join(packageFolder, page), { recursive: true, force: true });
    cpSync(join(root, page), join(packageFolder, page), { recursive: true });
  }
  writeFileSync(
    join(packageFolder, 'README.md'),
    withWholeLinks(readFileSync(join(root, 'README.md'), 'utf8')),
  );
}

/**
 * The page of a package on npm shows its README without the files beside it, so relative links lead nowhere there. What is
 * published is also served file by file.
 */
function withWholeLinks(readme) {
  const { name, version } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8'));
  return readme.replaceAll(/\]\((?!#|https?:)([^)]+)\)/g, `](https://unpkg.com/${name}@${version}/$1)`);
}

/** redlock has no types that users' compilers find, so a declaration that names it would break their build. */
function requireCleanTypes() {
  const declarations = readdirSync(dist, { recursive: true }).filter((path) => path.endsWith('.d.ts'));
  for (const path of declarations) {
    const [leak] =
      /['"](redlock|[^'"]*node_modules[^'"]*)['"]/.exec(readFileSync(join(dist, path), 'utf8')) ?? [];
    if (leak !== undefined) fail(`dist/${path} names ${leak}; keep that type out of what is exported`);
  }
}

async function checkWithPublint() {
  const { messages } = await publint({ pkgDir: packageFolder, strict: true });
  const manifest = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8'));
  for (const message of messages) process.stderr.write(`publint: ${formatMessage(message, manifest)}\n`);
  if (messages.length > 0) fail('publint found fault with the package');
}

/** Are the types wrong? For every module resolution, node10 among them, and with every rule. */
function checkWithAttw() {
  const scratch = mkdtempSync(join(tmpdir(), 'package-'));
  try {
    run('npm', ['pack', '--silent', '--pack-destination', scratch], packageFolder);
    const [tarball] = readdirSync(scratch);
    run(bin('attw'), [
      join(scratch, tarball),
      '--profile',
      'strict',
      '--format',
      'table-flipped',
      '--no-emoji',
    ]);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function run(command, args, cwd = root) {
  try {
    execFileSync(command, args, { cwd, stdio: 'inherit' });
  } catch (error) {
    fail(`${command.split('/').at(-1)} failed with ${error.status ?? error.code}`);
  }
}

function fail(reason) {
  process.stderr.write(`${reason}\n`);
  process.exit(1);
}
