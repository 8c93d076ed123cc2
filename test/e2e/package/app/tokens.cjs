// A file of a CommonJS app. Two copies of a class would be two tokens of dependency injection.

const assert = require('node:assert/strict');

async function compare(entry, name) {
  const viaRequire = require(entry);
  const viaImport = await import(entry);
  assert.equal(typeof viaRequire[name], 'function', `${entry} has no ${name}`);
  assert.equal(viaRequire[name], viaImport[name], `${entry} was loaded twice`);
}

async function main() {
  await compare('nestjs-distributed-schedule', 'DistributedScheduleModule');
  await compare('nestjs-distributed-schedule', 'IdempotentExecutor');
  await compare('nestjs-distributed-schedule/terminus', 'DistributedScheduleHealthIndicator');
  // An optional peer: who does not import its entry point need not have it.
  assert.ok(
    !Object.keys(require.cache).some((path) => /[\\/]node_modules[\\/]pg[\\/]/.test(path)),
    'pg is loaded',
  );
  await compare('nestjs-distributed-schedule/postgres', 'postgresSnapshots');
  await compare('nestjs-distributed-schedule/testing', 'DistributedScheduleTestingModule');
  process.stdout.write('one copy');
}

main();
