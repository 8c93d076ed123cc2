import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { repositoryRoot } from './source-tree.js';

const PLUGIN = './test/architecture/private-members.grit';
const BIOME = join(repositoryRoot, 'node_modules/@biomejs/biome/bin/biome');
const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** What the linter says of a file, with this plugin only. */
function lint(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'dialect-'));
  folders.push(folder);
  writeFileSync(join(folder, 'probe.ts'), text);
  writeFileSync(join(folder, 'biome.json'), JSON.stringify({ plugins: [join(repositoryRoot, PLUGIN)] }));
  const { stdout, stderr } = spawnSync(process.execPath, [BIOME, 'lint', 'probe.ts'], {
    cwd: folder,
    encoding: 'utf8',
  });
  return stdout + stderr;
}

describe('the linter', () => {
  it('runs the plugin of this tree', () => {
    const { plugins } = JSON.parse(readFileSync(join(repositoryRoot, 'biome.json'), 'utf8'));
    expect(plugins).toContain(PLUGIN);
  });

  it.each(['  #b = 1;\n  c = () => this.#b;', '  #b(): void {}\n  c = () => this.#b();'])(
    'refuses a private member that is written as %j',
    (members) => {
      expect(lint(`export class A {\n${members}\n}\n`)).toContain("Write TypeScript's private");
    },
  );

  it('accepts the private of TypeScript', () => {
    const said = lint('export class A {\n  private b = 1;\n  c = () => this.b;\n}\n');
    expect(said).toContain('Checked 1 file');
    expect(said).not.toContain("Write TypeScript's private");
  });
});
