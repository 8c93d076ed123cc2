/** What the log shows of whatever a handler has thrown. */

import { describe, expect, it } from 'vitest';
import { describeError, detailsOf } from '#src/messages/shown-error.js';

class PaymentError extends Error {
  override readonly name = 'PaymentError';
  readonly orderId = 17;
  readonly details = { step: 'capture', apiKey: 'geheim' };
}

class Problem {
  readonly status = 409;
  readonly title = 'taken';
}

const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:5432'), { code: 'ECONNREFUSED' });

describe('the line of a failed run', () => {
  it.each<[string, unknown, string]>([
    ['an error', new TypeError('no such account'), 'TypeError: no such account'],
    ['an error without a message', new Error(), 'Error'],
    ['the code of an error', refused, 'Error: connect ECONNREFUSED 127.0.0.1:5432 (code ECONNREFUSED)'],
    [
      'the cause of an error, to the end of the chain',
      new TypeError('fetch failed', { cause: new Error('no answer', { cause: refused }) }),
      'TypeError: fetch failed, caused by Error: no answer, caused by Error: connect ECONNREFUSED 127.0.0.1:5432 (code ECONNREFUSED)',
    ],
    ['a cause that is a text', new Error('no', { cause: 'because' }), "Error: no, caused by 'because'"],
    [
      'all errors of an AggregateError',
      new AggregateError([new Error('one'), new TypeError('two')], 'All promises were rejected'),
      'AggregateError: All promises were rejected [1. Error: one; 2. TypeError: two]',
    ],
    [
      'the code and the message of a thrown object',
      { code: 'E_LIMIT', message: 'too many' },
      "{ code: 'E_LIMIT', message: 'too many' }",
    ],
    ['a thrown text', 'out of paper', "'out of paper'"],
    ['nothing', undefined, 'undefined, which says nothing of the reason'],
    ['null', null, 'null, which says nothing of the reason'],
    ['a symbol', Symbol('no'), 'Symbol(no)'],
    ['an object without a prototype', Object.assign(Object.create(null), { code: 7 }), '{ code: 7 }'],
    ['an object of a class', new Problem(), "Problem { status: 409, title: 'taken' }"],
  ])('shows %s', (_what, thrown, line) => {
    expect(describeError(thrown)).toBe(line);
  });

  it('says how many it leaves out of many errors', () => {
    const errors = Array.from({ length: 40 }, (_, index) => new Error(String(index)));
    expect(describeError(new AggregateError(errors, 'all'))).toMatch(/5\. Error: 4; and 35 more\]$/);
  });

  it('ends where a chain of causes leads back to its start', () => {
    const error = new Error('round');
    error.cause = new Error('and round', { cause: error });
    expect(describeError(error)).toBe('Error: round, caused by Error: and round');
    expect(detailsOf(error)).toContain('and round');
  });

  it('ends in a chain of errors that has no end to speak of', () => {
    let last: Error = new Error('first');
    for (let count = 0; count < 50_000; count += 1)
      last = Object.assign(new Error('next'), { previous: last });
    expect(describeError(last)).toBe('Error: next');
    expect(detailsOf(last)).toMatch(/previous: \[not shown\]/);
  });

  it.each<[string, unknown]>([
    [
      'a getter that throws',
      Object.defineProperty(new Error('x'), 'message', {
        get: () => {
          throw new Error('no');
        },
      }),
    ],
    [
      'a proxy that throws',
      new Proxy(
        {},
        {
          get: () => {
            throw new Error('no');
          },
          ownKeys: () => {
            throw new Error('no');
          },
        },
      ),
    ],
    ['a revoked proxy', revoked()],
    ['a name that is no text', Object.assign(new Error('x'), { name: Symbol('y') })],
  ])('is there for %s too', (_what, thrown) => {
    expect(describeError(thrown)).toMatch(/\S/);
    expect(() => detailsOf(thrown)).not.toThrow();
  });
});

describe('what stands below the line', () => {
  it('is the stack, with causes, errors and own properties', () => {
    const error = new PaymentError('declined', { cause: refused });
    const details = detailsOf(error) ?? '';
    expect(details).toMatch(/^PaymentError: declined\n +at .+:\d+:\d+/);
    expect(details).toContain('orderId: 17');
    expect(details).toContain("step: 'capture'");
    expect(details).toMatch(/\[cause\]: Error: connect ECONNREFUSED 127\.0\.0\.1:5432\n +at /);
    expect(details).toContain("code: 'ECONNREFUSED'");
    const both = detailsOf(new AggregateError([new Error('one'), refused], 'all')) ?? '';
    expect(both).toMatch(/\[errors\]: \[\n +Error: one\n +at /);
  });

  it('is not there for what has no stack', () => {
    expect(detailsOf('out of paper')).toBeUndefined();
    expect(detailsOf({ code: 1 })).toBeUndefined();
    expect(detailsOf(undefined)).toBeUndefined();
  });
});

describe('a secret', () => {
  const everything = (thrown: unknown): string => `${describeError(thrown)} ${detailsOf(thrown)}`;

  it.each<[string, object]>([
    ['the command of an ioredis error', { command: { name: 'hello', args: ['geheim'] } }],
    ['a request of axios', { config: { headers: { Authorization: 'geheim' }, data: 'geheim' } }],
    ['parameters of a query', { parameters: ['geheim'], query: "select 'geheim'" }],
    ['a password', { password: 'geheim' }],
    ['a nested token', { context: { accessToken: 'geheim', list: [{ api_key: 'geheim' }] } }],
    ['an URL', { url: 'redis://user:geheim@host', list: ['postgres://u:ge/heim@host/geheim@x'] }],
    [
      'an instance of a class',
      {
        client: new (class Client {
          readonly at = 'geheim';
        })(),
      },
    ],
    ['a buffer', { body: Buffer.from('geheim') }],
    ['a map', { session: new Map([['a', 'geheim']]) }],
  ])('in %s stays out of the log', (_what, properties) => {
    expect(everything(Object.assign(new Error('failed'), properties))).not.toContain('geheim');
    expect(everything(new Error('failed', { cause: { ...properties } }))).not.toContain('geheim');
    expect(everything({ ...properties })).not.toContain('geheim');
  });

  it('in an URL of a message stays out of the log, and the host stays in', () => {
    const error = new Error(
      'cannot reach redis://user:geheim@host:6379 nor https://u:geheim@host/a@b in file:///a/@b/c',
    );
    expect(everything(error)).not.toContain('geheim');
    expect(describeError(error)).toBe(
      'Error: cannot reach redis://***@host:6379 nor https://***@host/a@b in file:///a/@b/c',
    );
  });
});

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
