import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The supported lines of Node: the lowest version of the oldest one, the newest of the others. */
export const NODES = ['20.19.0', '22', '24'] as const;

export interface NodeProgram {
  /** In full. */
  readonly version: string;
  readonly path: string;
}

/** The package `node` carries the program. In a folder of its own: its `node` would stand before the one that runs this. */
export async function installNode(version: string, scratch: string): Promise<NodeProgram> {
  const cwd = join(scratch, `node-${version}`);
  mkdirSync(cwd);
  writeFileSync(join(cwd, 'package.json'), '{ "private": true }');
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', `node@${version}`], { cwd });
  const path = join(cwd, 'node_modules', 'node', 'bin', 'node');
  const { stdout } = await run(path, ['-p', 'process.versions.node']);
  return { version: stdout.trim(), path };
}
