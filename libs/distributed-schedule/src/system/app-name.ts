/**
 * What this application is called: the `name` in the package.json next above its main module, else above its working
 * directory. The main module comes first, since it does not depend on where the process starts. One below node_modules is a
 * tool's. A workspace's name would make one application of several.
 */

import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';

export interface ProcessPlaces {
  /** Path of the main module; undefined for `node -e` and the like. */
  readonly main: string | undefined;
  readonly cwd: string;
}

export type FoundApp = { readonly name: string } | { readonly why: string };

interface Manifest {
  readonly folder: string;
  readonly name: string;
  readonly isWorkspace: boolean;
}

/** Files beside a package.json that make it the root of several applications. */
const WORKSPACE_FILES = ['pnpm-workspace.yaml', 'lerna.json', 'nx.json', 'rush.json'];

/** Below the folder of a package.json: the output of a build that knows several applications. */
const ONE_OF_SEVERAL = /(^|[\\/])apps[\\/][^\\/]+[\\/]/;

const NAMES_NONE = 'no package.json with a name is above the main module or the working directory';

export function findApp(places: ProcessPlaces = { main: process.argv[1], cwd: process.cwd() }): FoundApp {
  const main = places.main === undefined ? undefined : realPathOf(places.main);
  if (main !== undefined && !main.split(sep).includes('node_modules')) {
    const above = manifestAbove(main);
    if (above !== undefined) return nameOf(above, relative(above.folder, main));
  }
  const above = manifestAbove(places.cwd);
  return above === undefined ? { why: NAMES_NONE } : nameOf(above, '');
}

function nameOf({ name, folder, isWorkspace }: Manifest, mainBelow: string): FoundApp {
  if (!isWorkspace && !ONE_OF_SEVERAL.test(mainBelow)) return { name };
  return { why: `${join(folder, 'package.json')} belongs to a workspace, whose applications share its name` };
}

/** The next one that has a name, from `path` itself on: `node .` gives a folder as main module. */
function manifestAbove(path: string): Manifest | undefined {
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    const manifest = jsonOf(join(folder, 'package.json'));
    const name = manifest?.name;
    if (typeof name === 'string' && name !== '') {
      return { folder, name, isWorkspace: isWorkspace(folder, manifest) };
    }
    if (dirname(folder) === folder) return undefined;
  }
}

function isWorkspace(folder: string, manifest: Readonly<Record<string, unknown>> | undefined): boolean {
  return (
    manifest?.workspaces !== undefined ||
    jsonOf(join(folder, 'nest-cli.json'))?.monorepo === true ||
    WORKSPACE_FILES.some((file) => existsSync(join(folder, file)))
  );
}

/** Undefined for what is not there, cannot be read or is no JSON object. */
function jsonOf(path: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** A package's bin is a link to its file. */
function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}
