import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findApp } from '#src/system/app-name.js';
import { removeFolder, temporaryFolder } from '../../support/leftovers.js';

let root: string;
beforeEach(() => {
  root = temporaryFolder('app-name');
});
afterEach(() => removeFolder(root));

/** Files below the folder of the test; a package.json by its content. */
function lay(files: Readonly<Record<string, object | string>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), typeof content === 'string' ? content : JSON.stringify(content));
  }
}

function found(main: string | undefined, cwd = 'elsewhere'): unknown {
  const app = findApp({ main: main === undefined ? undefined : join(root, main), cwd: join(root, cwd) });
  return 'name' in app ? app.name : app.why;
}

describe('the name of the application', () => {
  it('is that of the package.json above its main module, wherever it is started', () => {
    lay({
      'shop/package.json': { name: '@acme/shop' },
      'shop/dist/main.js': '',
      'other/package.json': { name: 'other' },
    });
    expect(found('shop/dist/main.js', 'other')).toBe('@acme/shop');
    expect(found('shop/dist/main', 'other')).toBe('@acme/shop');
    expect(found('shop', 'other')).toBe('@acme/shop');
  });

  it('passes by files without a name, as builds leave them', () => {
    lay({ 'shop/package.json': { name: 'shop' }, 'shop/dist/package.json': { type: 'commonjs' } });
    expect(found('shop/dist/main.js')).toBe('shop');
    lay({ 'shop/dist/package.json': 'no json' });
    expect(found('shop/dist/main.js')).toBe('shop');
  });

  it('is that above the working directory where a tool runs the app, or nothing is above the main module', () => {
    lay({ 'shop/package.json': { name: 'shop' }, 'shop/node_modules/jest/package.json': { name: 'jest' } });
    expect(found('shop/node_modules/jest/bin/jest.js', 'shop/src')).toBe('shop');
    expect(found(undefined, 'shop')).toBe('shop');
  });

  it('follows a link to the main module', () => {
    lay({
      'shop/package.json': { name: 'shop' },
      'shop/dist/main.js': '',
      'bin/package.json': { name: 'bin' },
    });
    symlinkSync(join(root, 'shop/dist/main.js'), join(root, 'bin/shop'));
    expect(found('bin/shop')).toBe('shop');
  });

  it('is that of one package of a workspace, and never that of the workspace', () => {
    lay({
      'work/package.json': { name: 'work', workspaces: ['packages/*'] },
      'work/packages/shop/package.json': { name: 'shop' },
    });
    expect(found('work/packages/shop/dist/main.js', 'work')).toBe('shop');
    expect(found('work/dist/main.js', 'work')).toContain('belongs to a workspace');
  });

  it.each([
    ['pnpm', { 'work/pnpm-workspace.yaml': 'packages: []' }],
    ['Nx', { 'work/nx.json': {} }],
    ['Lerna', { 'work/lerna.json': {} }],
    ['a monorepo of Nest', { 'work/nest-cli.json': { monorepo: true } }],
  ])('is not that of the workspace of %s', (_tool, files) => {
    lay({ 'work/package.json': { name: 'work' }, 'work/dist/main.js': '', ...files });
    expect(found('work/dist/main.js', 'work')).toContain('belongs to a workspace');
    expect(found(undefined, 'work')).toContain('belongs to a workspace');
  });

  it('is not that of a workspace whose build alone was deployed', () => {
    lay({
      'work/package.json': { name: 'work' },
      'work/nest-cli.json': { collection: '@nestjs/schematics' },
    });
    expect(found('work/dist/apps/billing/main.js', 'work')).toContain('belongs to a workspace');
    expect(found('work/dist/main.js', 'work')).toBe('work');
  });
});
