/** Payloads travel as JSON: what that would lose is refused. */

import { describe, expect, it } from 'vitest';
import { jsonOf } from '#src/tasks/payload-json.js';

const circular: Record<string, unknown> = {};
circular.self = circular;

describe('a payload', () => {
  it.each<[unknown, string]>([
    [new Map([['a', 1]]), 'is a Map, of which JSON keeps nothing; pass Object.fromEntries(map) or [...map]'],
    [
      { orders: new Map() },
      'has at "orders" a Map, of which JSON keeps nothing; pass Object.fromEntries(map) or [...map]',
    ],
    [{ a: [new Set([1])] }, 'has at "0" a Set, of which JSON keeps nothing; pass [...set]'],
    [Promise.resolve(1), 'is a Promise, of which JSON keeps nothing; await it'],
    [
      { error: new Error('geheim') },
      'has at "error" an Error, of which JSON keeps nothing; pass its message',
    ],
    [{ at: /x/ }, 'has at "at" a RegExp, of which JSON keeps nothing; pass its source'],
    [new Uint8Array(4), "is bytes, of which JSON keeps nothing; pass Buffer.from(bytes).toString('base64')"],
    [{ id: 7n }, 'has at "id" a bigint, of which JSON keeps nothing; pass String(value)'],
    [{ sum: Number.NaN }, 'has at "sum" NaN, of which JSON keeps nothing; leave it out'],
    [{ run: () => 1 }, 'has at "run" a function, of which JSON keeps nothing; pass plain data'],
    [Symbol('x'), 'is a symbol, of which JSON keeps nothing; pass plain data'],
    [circular, 'is an object that holds itself, and travels as JSON; pass plain data'],
    [{ toJSON: () => undefined }, 'is nothing that JSON can express, and travels as JSON; pass plain data'],
    [
      'x'.repeat(20_000),
      'has 20002 characters of JSON, and takes at most 16384; keep the data in a store of your own and pass a reference to it',
    ],
  ])('%o is refused, with what to pass', (payload, said) => {
    expect(() => jsonOf('report', payload)).toThrow(
      `DSCHED_BAD_OPTION: task 'report': option payload ${said}`,
    );
  });

  it.each<[unknown, string]>([
    [null, 'null'],
    [
      { at: new Date(0), left: undefined, list: [1, 'a', true, null] },
      '{"at":"1970-01-01T00:00:00.000Z","list":[1,"a",true,null]}',
    ],
    [
      new (class Order {
        readonly id = 1;
      })(),
      '{"id":1}',
    ],
    [Object.assign(Object.create(null), { a: 1 }), '{"a":1}'],
    [Buffer.from('a'), '{"type":"Buffer","data":[97]}'],
  ])('%o is taken', (payload, text) => {
    expect(jsonOf('report', payload)).toBe(text);
  });
});
