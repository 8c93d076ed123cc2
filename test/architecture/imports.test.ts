import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { cruise, type IConfiguration, type ICruiseResult } from 'dependency-cruiser';
import { afterEach, describe, expect, it } from 'vitest';
import { repositoryRoot } from './source-tree.js';

const configuration = (
  (await import(join(repositoryRoot, '.dependency-cruiser.mjs'))) as { default: IConfiguration }
).default;

const rules = configuration.forbidden ?? [];
const library = 'libs/distributed-schedule/src';
const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** Names of the rules that the folders `libs` and `apps` below `baseDir` break. */
async function brokenRules(baseDir: string): Promise<string[]> {
  const result = await cruise(['libs', 'apps'], {
    ...configuration.options,
    tsConfig: { fileName: join(repositoryRoot, 'tsconfig.json') },
    baseDir,
    validate: true,
    ruleSet: { forbidden: rules },
  });
  const { summary } = result.output as ICruiseResult;
  return [...new Set(summary.violations.map((violation) => violation.rule.name))].sort();
}

/** A tree with just these files. `ioredis`, `pg`, `knex` and two packages of Nest are installed in it. */
function treeOf(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), 'imports-'));
  folders.push(root);
  const all: Record<string, string> = {
    'package.json':
      '{"dependencies":{"ioredis":"1","pg":"1","knex":"1","@nestjs/common":"1","@nestjs/schedule":"1"},"devDependencies":{"vitest":"1"}}',
    'libs/readme.md': '',
    'apps/readme.md': '',
  };
  for (const name of ['ioredis', 'pg', 'knex', '@nestjs/common', '@nestjs/schedule', 'vitest']) {
    all[`node_modules/${name}/package.json`] = `{"name":"${name}","main":"index.js"}`;
    all[`node_modules/${name}/index.js`] = 'export {};';
  }
  for (const [path, text] of Object.entries({ ...all, ...files })) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

/** From the top; by their rules, so that a new room has its offence here as well. */
const PROTOCOL_ROOMS = rules.flatMap(
  ({ name }) => /^protocol-(\w+)-imports-downwards$/.exec(name ?? '')?.[1] ?? [],
);

type Offence = readonly [rule: string, files: Record<string, string>];

/** A file that imports one which it must not know. */
function upwards(from: string, to: string): Record<string, string> {
  const path = relative(dirname(from), to).replace(/\.ts$/, '.js');
  return { [`${library}/${from}`]: `import '${path}';`, [`${library}/${to}`]: 'export {};' };
}

/** One forbidden import per rule: who imports what, beside the file that is imported. */
const OFFENCES: readonly Offence[] = [
  [
    'no-cycles',
    {
      [`${library}/nest/a.ts`]: "import './b.js';",
      [`${library}/nest/b.ts`]: "import './a.js';",
    },
  ],
  [
    'protocol-imports-nothing',
    {
      [`${library}/protocol/run/tick.ts`]: "import type {} from '../../system/clock.js';",
      [`${library}/system/clock.ts`]: 'export {};',
    },
  ],
  ['protocol-imports-nothing', { [`${library}/protocol/run/tick.ts`]: "import 'node:crypto';" }],
  [
    'adapters-know-only-the-protocol',
    {
      [`${library}/redis/node.ts`]: "import '../memory/node.js';",
      [`${library}/memory/node.ts`]: 'export {};',
    },
  ],
  ['only-nest-knows-nest', { [`${library}/memory/node.ts`]: "import '@nestjs/common';" }],
  ['only-nest-knows-nest', { [`${library}/control/plan.ts`]: "import '@nestjs/common';" }],
  ['protocol-is-in-rooms', upwards('protocol/run/run.ts', 'protocol/tick.ts')],
  ...PROTOCOL_ROOMS.slice(1).map(
    (room, index): Offence => [
      `protocol-${room}-imports-downwards`,
      upwards(`protocol/${room}/a.ts`, `protocol/${PROTOCOL_ROOMS[index]}/b.ts`),
    ],
  ),
  ['redis-locks-and-once-imports-downwards', upwards('redis/locks/a.ts', 'redis/once/b.ts')],
  ['redis-node-imports-downwards', upwards('redis/node/a.ts', 'redis/locks/b.ts')],
  ['redis-scripts-imports-downwards', upwards('redis/scripts/a.ts', 'redis/node/b.ts')],
  ['redis-connection-imports-downwards', upwards('redis/connection/a.ts', 'redis/scripts/b.ts')],
  ['once-imports-downwards', upwards('once/a.ts', 'protocol/bid/b.ts')],
  ['tasks-imports-downwards', upwards('tasks/a.ts', 'control/b.ts')],
  ['control-imports-downwards', upwards('control/a.ts', 'messages/b.ts')],
  ['messages-imports-downwards', upwards('messages/a.ts', 'setup/b.ts')],
  ['setup-imports-downwards', upwards('setup/a.ts', 'nest/b.ts')],
  ['redis-client-only-in-redis', { [`${library}/nest/module.ts`]: "import 'ioredis';" }],
  ['postgres-client-only-in-postgres', { [`${library}/redis/node.ts`]: "import 'pg';" }],
  [
    'plain-schedule-is-found-and-not-imported',
    { [`${library}/nest/mirror.ts`]: "import '@nestjs/schedule';" },
  ],
  [
    'postgres-only-through-its-door',
    {
      [`${library}/nest/module.ts`]: "import '../postgres/store.js';",
      [`${library}/postgres/store.ts`]: 'export {};',
    },
  ],
  [
    'orms-know-only-postgres',
    {
      [`${library}/knex/snapshots.ts`]: "import '../prisma/snapshots.js';",
      [`${library}/prisma/snapshots.ts`]: 'export {};',
    },
  ],
  ['orms-only-in-their-own-rooms', { [`${library}/postgres/store.ts`]: "import 'knex';" }],
  [
    'nest-does-not-look-up',
    {
      [`${library}/nest/module.ts`]: "import '../terminus/health.js';",
      [`${library}/terminus/health.ts`]: 'export {};',
    },
  ],
  [
    'entry-points-stay-apart',
    {
      [`${library}/testing/crank.ts`]: "import '../terminus/health.js';",
      [`${library}/terminus/health.ts`]: 'export {};',
    },
  ],
  [
    'nobody-uses-the-own-door',
    {
      [`${library}/nest/module.ts`]: "import '../index.js';",
      [`${library}/index.ts`]: 'export {};',
    },
  ],
  [
    'libraries-do-not-import-apps',
    {
      [`${library}/nest/module.ts`]: "import '../../../../apps/demo/src/main.js';",
      'apps/demo/src/main.ts': 'export {};',
    },
  ],
  [
    'apps-use-the-doors',
    {
      'apps/demo/src/main.ts': `import '../../../${library}/nest/module.js';`,
      [`${library}/nest/module.ts`]: 'export {};',
    },
  ],
  ['shipped-code-needs-shipped-packages', { [`${library}/nest/module.ts`]: "import 'vitest';" }],
  ['everything-resolves', { [`${library}/nest/module.ts`]: "import './nowhere.js';" }],
];

describe('imports', () => {
  it('run one way through the whole tree', async () => {
    expect(await brokenRules(repositoryRoot)).toEqual([]);
  });

  it('are allowed downwards', async () => {
    const tree = treeOf({
      'apps/demo/src/main.ts': `import '../../../${library}/index.js';`,
      [`${library}/index.ts`]: "import './nest/module.js';",
      [`${library}/terminus/index.ts`]: "import '../nest/module.js';",
      [`${library}/nest/module.ts`]: "import '@nestjs/common'; import '../redis/node.js';",
      [`${library}/redis/node.ts`]:
        "import 'node:crypto'; import 'ioredis'; import '../protocol/contract/ports.js';",
      [`${library}/postgres/index.ts`]: "import './store.js';",
      [`${library}/postgres/store.ts`]: "import 'pg'; import '../protocol/contract/ports.js';",
      [`${library}/knex/index.ts`]: "import './snapshots.js';",
      [`${library}/knex/snapshots.ts`]: "import 'knex'; import '../postgres/store.js';",
      [`${library}/protocol/run/run.ts`]: "import '../contract/ports.js'; import '../bid/bid.js';",
      [`${library}/protocol/bid/bid.ts`]: 'export {};',
      [`${library}/protocol/contract/ports.ts`]: 'export {};',
      [`${library}/control/plan.ts`]: "import '../tasks/task.js'; import '../protocol/run/run.js';",
      [`${library}/tasks/task.ts`]: "import '../protocol/contract/ports.js';",
    });
    expect(await brokenRules(tree)).toEqual([]);
  });

  it.each(OFFENCES)('are caught by the rule %s', async (rule, files) => {
    expect(await brokenRules(treeOf(files))).toContain(rule);
  });

  it('have an offence on show for each rule but that of the topmost room, which may import all', () => {
    const shown = [...OFFENCES.map(([rule]) => rule), `protocol-${PROTOCOL_ROOMS[0]}-imports-downwards`];
    expect(new Set(shown)).toEqual(new Set(rules.map((rule) => rule.name)));
  });
});
