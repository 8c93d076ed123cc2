// Which versions of the peers are tried together, and in which ways an app uses them. package.test.ts runs those
// marked `inCi`; `npm run compatibility` runs all of them, with every version of Node that it is given.

/** How an app is compiled and run; ways-of-use.ts has what is done for each. */
export type WayOfUse =
  | 'every import'
  | 'one copy'
  | 'CommonJS, node10'
  | 'CommonJS, nodenext'
  | 'ESM'
  | 'Jest, ts-jest'
  | 'Jest, swc'
  | 'vitest'
  | 'peers left to npm';

export interface Combination {
  readonly title: string;
  /** Exact versions: what is green today must not turn red because somebody else has published. */
  readonly peers: Readonly<Record<string, string>>;
  readonly tools: Readonly<Record<string, string>>;
  readonly uses: readonly WayOfUse[];
  readonly inCi: boolean;
}

const TYPES = { '@types/node': '20.19.43', '@types/pg': '8.23.1' };
const TYPESCRIPT = { ...TYPES, typescript: '5.9.3' };
const JEST = { jest: '30.5.2', 'ts-jest': '29.4.15', '@types/jest': '30.0.0' };
const SWC = { '@swc/core': '1.16.18', '@swc/jest': '0.2.39' };
const VITEST = { vitest: '4.1.12', vite: '8.3.8' };

const SMALL_PEERS = { pg: '8.23.1', 'reflect-metadata': '0.2.2', rxjs: '7.8.2' };

/** The oldest that the peer ranges allow. */
const LOWEST = {
  '@nestjs/common': '11.0.0',
  '@nestjs/core': '11.0.0',
  '@nestjs/platform-express': '11.0.0',
  '@nestjs/schedule': '6.0.0',
  '@nestjs/terminus': '11.0.0',
  '@nestjs/testing': '11.0.0',
  ioredis: '5.4.0',
  pg: '8.11.0',
  'reflect-metadata': '0.2.0',
  rxjs: '7.8.0',
};

const NEST_11 = {
  ...SMALL_PEERS,
  '@nestjs/common': '11.2.10',
  '@nestjs/core': '11.2.10',
  '@nestjs/platform-express': '11.2.10',
  '@nestjs/schedule': '6.1.3',
  '@nestjs/terminus': '11.1.1',
  '@nestjs/testing': '11.2.6',
  ioredis: '5.11.1',
};

const NEST_12 = {
  ...SMALL_PEERS,
  '@nestjs/common': '12.5.1',
  '@nestjs/core': '12.5.1',
  '@nestjs/platform-express': '12.5.1',
  '@nestjs/schedule': '12.0.2',
  '@nestjs/terminus': '12.1.0',
  '@nestjs/testing': '12.1.1',
  ioredis: '6.0.0',
};

const ALWAYS = ['every import', 'one copy'] as const;

export const COMBINATIONS: readonly Combination[] = [
  {
    title: 'lowest peers',
    peers: LOWEST,
    tools: { ...TYPESCRIPT, typescript: '5.7.3' },
    uses: [...ALWAYS, 'CommonJS, node10'],
    inCi: false,
  },
  {
    title: 'Nest 11, schedule 6, ioredis 5',
    peers: NEST_11,
    tools: { ...TYPESCRIPT, ...JEST },
    uses: [...ALWAYS, 'CommonJS, node10', 'ESM', 'Jest, ts-jest'],
    inCi: true,
  },
  {
    title: 'Nest 12, schedule 12, ioredis 6',
    peers: NEST_12,
    tools: { ...TYPESCRIPT, ...VITEST },
    uses: [...ALWAYS, 'CommonJS, nodenext', 'ESM', 'vitest'],
    inCi: true,
  },
  {
    title: 'Nest 11, nothing else named',
    peers: { '@nestjs/common': '11.2.10', '@nestjs/core': '11.2.10' },
    tools: TYPESCRIPT,
    uses: ['peers left to npm'],
    inCi: false,
  },
  {
    title: 'lowest peers, other tools',
    peers: LOWEST,
    tools: { ...TYPESCRIPT, ...JEST, ...SWC, ...VITEST },
    uses: ['CommonJS, nodenext', 'ESM', 'Jest, ts-jest', 'Jest, swc', 'vitest'],
    inCi: false,
  },
  {
    title: 'Nest 11, schedule 6, ioredis 6',
    peers: { ...NEST_11, ioredis: '6.0.0' },
    tools: { ...TYPESCRIPT, ...JEST, ...SWC, ...VITEST },
    uses: [...ALWAYS, 'CommonJS, node10', 'CommonJS, nodenext', 'ESM', 'Jest, swc', 'vitest'],
    inCi: false,
  },
  {
    title: 'Nest 11, schedule 12',
    peers: { ...NEST_11, '@nestjs/schedule': '12.0.2' },
    tools: { ...TYPESCRIPT, ...VITEST },
    uses: [...ALWAYS, 'CommonJS, nodenext', 'ESM', 'vitest'],
    inCi: false,
  },
  {
    // Nest 12.0.0 itself cannot be installed: its packages ask for Nest 11 as their peer.
    title: 'Nest 12.0.1, ioredis 5',
    peers: {
      ...NEST_12,
      '@nestjs/common': '12.0.1',
      '@nestjs/core': '12.0.1',
      '@nestjs/platform-express': '12.0.1',
      '@nestjs/schedule': '12.0.0',
      '@nestjs/terminus': '12.0.0',
      '@nestjs/testing': '12.0.1',
      ioredis: '5.11.1',
    },
    tools: { ...TYPESCRIPT, ...VITEST },
    uses: [...ALWAYS, 'CommonJS, nodenext', 'ESM', 'vitest'],
    inCi: false,
  },
  {
    title: 'Nest 12, nothing else named',
    peers: { '@nestjs/common': '12.5.1', '@nestjs/core': '12.5.1' },
    tools: TYPESCRIPT,
    uses: ['peers left to npm'],
    inCi: false,
  },
];
