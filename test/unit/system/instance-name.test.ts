import { hostname } from 'node:os';
import { describe, expect, it } from 'vitest';
import { instanceName } from '#src/system/instance-name.js';
import { SystemRandom } from '#src/system/system-random.js';

const random = { id: () => '0123456789abcdef0123456789abcdef' };
const named = (host: string): string => instanceName(random, { host, pid: 7 });

describe('the name of an instance', () => {
  it('says on which host and in which process it runs', () => {
    expect(named('web-7d9f8-x2x4z')).toBe('web-7d9f8-x2x4z-7-0123456789ab');
    expect(instanceName(new SystemRandom())).toMatch(
      new RegExp(`^${hostname().replaceAll(/[^A-Za-z0-9._-]/g, '.+')}-${process.pid}-[0-9a-f]{12}$`),
    );
  });

  it('differs between two containers of one process', () => {
    expect(instanceName(new SystemRandom())).not.toBe(instanceName(new SystemRandom()));
  });

  it.each([
    ['with whitespace', "Ada's  MacBook Pro.local", 'Ada-s-MacBook-Pro.local'],
    ['with what access rules and keys know', '{a}:b*?[c]', 'a-b-c'],
    ['in other letters', 'büro', 'b-ro'],
    ['without a usable letter', ' ', 'host'],
    ['as long as none may be', 'h'.repeat(300), 'h'.repeat(63)],
  ])('makes a host safe that is called something %s', (_title, host, safe) => {
    expect(named(host)).toBe(`${safe}-7-0123456789ab`);
  });
});
