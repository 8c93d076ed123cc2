import { expect, it } from 'vitest';
import { canonicalJson, keepValue, keptValueOf } from '#src/once/kept-value.js';
import { sha256Hex } from '#src/tasks/sha256.js';

it('canonical JSON has the same text for the same value, whatever the order of its keys', () => {
  const one = { b: [2, { y: 1, x: null }], a: 'é', at: new Date(0) };
  const other = { at: new Date(0), a: 'é', b: [2, { x: null, y: 1 }] };
  expect(canonicalJson(one)).toBe(canonicalJson(other));
  expect(canonicalJson(one)).toBe('{"a":"é","at":"1970-01-01T00:00:00.000Z","b":[2,{"x":null,"y":1}]}');
});

it('canonical JSON keeps a key that is called __proto__', () => {
  expect(canonicalJson(JSON.parse('{"b":1,"__proto__":2}'))).toBe('{"__proto__":2,"b":1}');
});

it('a value is kept with its digest, and with its JSON unless that is too long', () => {
  expect(keepValue({ sum: 7 }, sha256Hex, 9)).toEqual({ digest: sha256Hex('{"sum":7}'), json: '{"sum":7}' });
  expect(keepValue({ sum: 7 }, sha256Hex, 8)).toEqual({ digest: sha256Hex('{"sum":7}') });
  expect(keptValueOf(keepValue({ sum: 7 }, sha256Hex, 9))).toEqual({ sum: 7 });
  expect(keptValueOf(keepValue(null, sha256Hex, 9))).toBeNull();
});

it('a value without JSON is kept as nothing', () => {
  const cycle: { self?: unknown } = {};
  cycle.self = cycle;
  for (const value of [undefined, 1n, cycle, () => 1, Symbol('s')]) {
    expect(keepValue(value, sha256Hex, 9)).toEqual({});
  }
});
