import { describe, expect, it } from 'vitest';
import { transactionCommand } from '#src/postgres/transaction-commands.js';

describe('commands that end a transaction or begin one', () => {
  it.each([
    ['COMMIT', 'COMMIT'],
    ['commit;', 'COMMIT'],
    ['  \n-- so be it\nCoMmIt AND CHAIN', 'COMMIT'],
    ['/* a /* nested */ comment */ END', 'END'],
    ['BEGIN ISOLATION LEVEL SERIALIZABLE', 'BEGIN'],
    ['START TRANSACTION', 'START'],
    ['ABORT', 'ABORT'],
    ['ROLLBACK', 'ROLLBACK'],
    ['ROLLBACK WORK', 'ROLLBACK'],
    ['ROLLBACK TRANSACTION AND NO CHAIN', 'ROLLBACK'],
    ["ROLLBACK PREPARED 'one'", 'ROLLBACK'],
    ["PREPARE TRANSACTION 'one'", 'PREPARE TRANSACTION'],
    ['UPDATE account SET n = 1; COMMIT', 'COMMIT'],
    ["INSERT INTO t VALUES ('a;b', $$;$$, $x$; $$ $x$);ROLLBACK;BEGIN", 'ROLLBACK'],
    ["SELECT E'\\'; --' ; COMMIT", 'COMMIT'],
    ['SELECT 1 AS "a""; b";/* ; */COMMIT', 'COMMIT'],
    [';;COMMIT', 'COMMIT'],
  ])('are found in %j', (text, command) => {
    expect(transactionCommand(text)).toBe(command);
  });

  it.each([
    '',
    'SELECT 1',
    'SAVEPOINT one',
    'ROLLBACK TO one',
    'ROLLBACK WORK TO SAVEPOINT one',
    'rollback transaction to one',
    'RELEASE SAVEPOINT one',
    'PREPARE plan AS SELECT 1',
    "INSERT INTO t VALUES ('; COMMIT;')",
    "INSERT INTO t VALUES ('it''s; COMMIT')",
    "SELECT E'\\'; COMMIT'",
    'SELECT $$; COMMIT; $$',
    'SELECT $body$; $$ COMMIT; $body$',
    'SELECT 1 -- ; COMMIT',
    'SELECT 1 /* ; COMMIT /* ; */ ; COMMIT */',
    'SELECT "; COMMIT"',
    'UPDATE commit SET begin = 1',
    'SELECT commit FROM end_of_day',
    'SELECT a$b; SELECT $1; SELECT $2',
    'DO $$ BEGIN PERFORM 1; END $$',
    'CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; END',
    "SELECT '",
    'SELECT $$ COMMIT',
  ])('are not found in %j', (text) => {
    expect(transactionCommand(text)).toBeUndefined();
  });
});
