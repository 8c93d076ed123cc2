// Imports run one way:
//   apps -> terminus, testing -> nest -> setup -> messages -> control -> tasks -> protocol -> nothing
//   nest, setup, testing -> redis, memory, postgres, system -> protocol, once
// `npm run lint` applies these rules to the tree; test/architecture/imports.test.ts shows that each of them bites.

const LIBRARY = '^libs/distributed-schedule/src';
const ADAPTERS = 'redis|memory|postgres|telemetry|system';
/** Of what a task is made, what holds for it at run time, and what people read of it. */
const ABOVE_PROTOCOL = 'once|tasks|control|messages|setup';
/** Each imports only what stands behind it. */
const PROTOCOL_ROOMS = [
  'scheduler',
  'audit',
  'timeouts',
  'board',
  'contest',
  'run',
  'members',
  'electorate',
  'bid',
  'lease',
  'schedules',
  'ledger',
  'policies',
  'time',
  'options',
  'contract',
];
/** The same; what stands on one line does not know each other. */
const REDIS_ROOMS = ['locks|once', 'node', 'scripts', 'connection'];
/** What each floor between Nest and the protocol may import beside itself. */
const FLOORS = {
  once: 'protocol/(contract|options)',
  tasks: 'protocol',
  control: 'protocol|tasks',
  messages: 'protocol|tasks|control',
  setup: 'protocol|tasks|control|messages|once|redis|system',
};
/** Each on the door of its own, over what is common in postgres/. */
const ORMS = 'drizzle|knex|mikro-orm|prisma|typeorm';
const ORM_PACKAGES = '(drizzle-orm|knex|@mikro-orm/[^/]+|@prisma/[^/]+|typeorm)';
const DOORS = `${LIBRARY}/((postgres|terminus|testing|${ORMS})/)?index\\.ts$`;
const FRAMEWORK = '^node_modules/(@nestjs/|rxjs/|reflect-metadata/)';

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'A cycle cannot be read top to bottom, nor tested piece by piece.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'protocol-imports-nothing',
      comment: 'The protocol runs under a simulated clock; whatever it needs comes in through a port.',
      severity: 'error',
      from: { path: `${LIBRARY}/protocol/` },
      to: { pathNot: `${LIBRARY}/protocol/` },
    },
    {
      name: 'protocol-is-in-rooms',
      comment: 'A file beside the rooms is on no floor, and the order of imports says nothing of it.',
      severity: 'error',
      from: {},
      to: { path: `${LIBRARY}/protocol/`, pathNot: `${LIBRARY}/protocol/(${PROTOCOL_ROOMS.join('|')})/` },
    },
    ...downwards('protocol', PROTOCOL_ROOMS),
    ...downwards('redis', REDIS_ROOMS),
    ...Object.entries(FLOORS).map(([floor, below]) => ({
      name: `${floor}-imports-downwards`,
      comment: 'A floor that knows the one above it cannot be read, nor tested, without it.',
      severity: 'error',
      from: { path: `${LIBRARY}/${floor}/` },
      to: { path: '^libs/', pathNot: `${LIBRARY}/(${floor}|${below})/` },
    })),
    {
      name: 'adapters-know-only-the-protocol',
      comment: 'An adapter that leans on another one cannot be replaced.',
      severity: 'error',
      from: { path: `${LIBRARY}/(${ADAPTERS})/` },
      to: { path: '^libs/', pathNot: `${LIBRARY}/(protocol|once|$1)/` },
    },
    {
      name: 'orms-know-only-postgres',
      comment: 'An ORM lends its transactions to the store; the protocol is in one place.',
      severity: 'error',
      from: { path: `${LIBRARY}/(${ORMS})/` },
      to: { path: '^libs/', pathNot: `${LIBRARY}/(protocol|once|postgres|$1)/` },
    },
    {
      name: 'orms-only-in-their-own-rooms',
      comment: 'Whoever uses one of them must not load, nor have, the others.',
      severity: 'error',
      from: { path: '^libs/', pathNot: `${LIBRARY}/(${ORMS})/` },
      to: { path: `^node_modules/${ORM_PACKAGES}/|^${ORM_PACKAGES}$` },
    },
    {
      name: 'only-nest-knows-nest',
      comment: 'Nest only wires: all else is usable, and tested, without it.',
      severity: 'error',
      from: { path: `${LIBRARY}/(${ABOVE_PROTOCOL}|${ADAPTERS}|${ORMS})/` },
      to: { path: FRAMEWORK },
    },
    {
      name: 'redis-client-only-in-redis',
      comment: 'ioredis and redlock have sharp edges; the guards around them are in one folder.',
      severity: 'error',
      from: { path: '^libs/', pathNot: `${LIBRARY}/redis/` },
      to: { path: '^node_modules/(ioredis|redlock)/' },
    },
    {
      name: 'postgres-client-only-in-postgres',
      comment: 'pg is an optional peer: who does not import the entry point /postgres must not need it.',
      severity: 'error',
      from: { path: '^libs/', pathNot: `${LIBRARY}/(postgres|drizzle|prisma)/` },
      to: { path: '^node_modules/pg/|^pg$' },
    },
    {
      name: 'postgres-only-through-its-door',
      comment: 'The same for the files around it.',
      severity: 'error',
      from: { path: '^libs/', pathNot: `${LIBRARY}/(postgres|${ORMS})/` },
      to: { path: `${LIBRARY}/postgres/` },
    },
    {
      name: 'plain-schedule-is-found-and-not-imported',
      comment:
        'What version 6 of @nestjs/schedule does not export stops every Nest 11 app; see nest/nest-schedule.ts.',
      severity: 'error',
      from: { path: '^libs/' },
      to: { path: '^node_modules/@nestjs/schedule/|^@nestjs/schedule$' },
    },
    {
      name: 'nest-does-not-look-up',
      comment: 'terminus and testing are optional entry points above nest.',
      severity: 'error',
      from: { path: `${LIBRARY}/nest/` },
      to: { path: `${LIBRARY}/(terminus|testing)/` },
    },
    {
      name: 'entry-points-stay-apart',
      comment: 'Who imports one entry point must not load the optional peers of another.',
      severity: 'error',
      from: { path: `${LIBRARY}/(terminus|testing)/` },
      to: { path: `${LIBRARY}/(terminus|testing)/`, pathNot: `${LIBRARY}/$1/` },
    },
    {
      name: 'nobody-uses-the-own-door',
      comment: 'index.ts is for users. Inside, it is how cycles begin.',
      severity: 'error',
      from: { path: LIBRARY },
      to: { path: `${LIBRARY}/index\\.ts$` },
    },
    {
      name: 'libraries-do-not-import-apps',
      severity: 'error',
      from: { path: '^libs/' },
      to: { path: '^(apps|test|scripts)/' },
    },
    {
      name: 'apps-use-the-doors',
      comment: 'The demo is what a user could write.',
      severity: 'error',
      from: { path: '^apps/' },
      to: { path: '^libs/', pathNot: DOORS },
    },
    {
      name: 'shipped-code-needs-shipped-packages',
      comment: 'Each folder by the package.json next above it; optional peers count as shipped.',
      severity: 'error',
      from: { path: '^(libs|apps)/[^/]+/src/' },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
        dependencyTypesNot: ['npm-peer'],
      },
    },
    {
      name: 'everything-resolves',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^libs/[^/]+/dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};

/** One rule a room: nothing that stands before it in the list, or on its own line. */
function downwards(parent, rooms) {
  return rooms.map((room, index) => ({
    name: `${parent}-${room.replace('|', '-and-')}-imports-downwards`,
    comment: 'Imports run down the list of rooms, so that it can be read from its end.',
    severity: 'error',
    from: { path: `${LIBRARY}/${parent}/(${room})/` },
    to: {
      path: `${LIBRARY}/${parent}/(${rooms.slice(0, index + 1).join('|')})/`,
      pathNot: `${LIBRARY}/${parent}/$1/`,
    },
  }));
}
