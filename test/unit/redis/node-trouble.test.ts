import { beforeEach, describe, expect, it } from 'vitest';
import { type FailureCode, failureCode } from '#src/redis/connection/failure-code.js';
import { NodeTrouble } from '#src/redis/node/node-trouble.js';
import { ManualClock } from '#src/testing/manual-clock.js';

let clock: ManualClock;
let trouble: NodeTrouble;

const troubleOf = (isTls = false): NodeTrouble => new NodeTrouble({ clock, nodeTimeoutMs: 120, isTls });

beforeEach(() => {
  clock = new ManualClock();
  trouble = troubleOf();
});

describe('what is wrong with a node', () => {
  it.each<readonly [FailureCode, string]>([
    ['ENOTFOUND', 'its host name is not known here (ENOTFOUND): correct the host, or make it known to DNS'],
    [
      'ECONNREFUSED',
      'nobody listens at its address (ECONNREFUSED): start Redis there, or correct host and port',
    ],
    [
      'ETIMEDOUT',
      'nobody answers at its address within 1000 ms (ETIMEDOUT): look at host, network and firewall',
    ],
    ['EHOSTUNREACH', 'no way leads to its address (EHOSTUNREACH): look at host, network and firewall'],
    [
      'ECONNRESET',
      'it ends connections before it has said a word (ECONNRESET): its port may want TLS (rediss://), or be that of a proxy without a server',
    ],
    [
      'MAXCLIENTS',
      'it takes no more connections: raise its maxclients, or close connections that nobody uses',
    ],
    [
      'PROTECTED',
      'it is in protected mode, which takes connections from its own machine only: set a password or a user there',
    ],
    ['NOT_REDIS', 'what answers at its address does not speak the protocol of Redis: correct host and port'],
    ['LOADING', 'it is loading its data (LOADING): it votes when that is done'],
    ['READONLY', 'it is a replica (READONLY), and only masters vote: give the address of its master'],
    [
      'MOVED',
      'it is a member of a Redis Cluster (MOVED): pass an ioredis Cluster client instead of its address',
    ],
    ['OOM', 'it has no memory left (OOM): raise its maxmemory, or remove keys'],
    [
      'MISCONF',
      'it takes no writes, since it cannot save to its disk (MISCONF): look at its disk and its log',
    ],
    [
      'NOREPLICAS',
      'it takes no writes, since too few replicas are connected (NOREPLICAS): look at min-replicas-to-write',
    ],
    [
      'REPLICAS_MISSING',
      'too few replicas have acknowledged a grant in time: look at its replicas, or lower waitReplicas',
    ],
    ['WEIRD', 'it answers with an error (WEIRD): its own log may say more'],
  ])('is said for %s, with what to do', (code, says) => {
    trouble.note(code);
    expect(trouble.why).toBe(says);
  });

  it.each<readonly [FailureCode, string]>([
    [
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'its certificate is not trusted here (DEPTH_ZERO_SELF_SIGNED_CERT): pass the authority that signed it as tls: { ca }',
    ],
    [
      'ERR_TLS_CERT_ALTNAME_INVALID',
      'its certificate is for another host name (ERR_TLS_CERT_ALTNAME_INVALID): use the name that it is for, or pass it as tls: { servername }',
    ],
    [
      'CERT_HAS_EXPIRED',
      'its certificate is not valid at this time (CERT_HAS_EXPIRED): renew it, or set the clock',
    ],
    [
      'EPROTO',
      'it does not speak TLS as it is asked to (EPROTO): a port without TLS takes redis:// and no tls option',
    ],
    [
      'ETIMEDOUT',
      'nobody answers at its address within 1000 ms (ETIMEDOUT): look at host, network and firewall; a port without TLS says nothing either, and takes redis:// and no tls option',
    ],
    [
      'ECONNRESET',
      'it ends connections before TLS stands (ECONNRESET): its port may be one without TLS (redis://), or want a client certificate (tls: { cert, key })',
    ],
  ])('is said for %s of a connection with TLS', (code, says) => {
    trouble = troubleOf(true);
    trouble.note(code);
    expect(trouble.why).toBe(says);
  });

  it.each([false, true])('is no question of TLS once a connection has stood (TLS: %s)', (isTls) => {
    trouble = troubleOf(isTls);
    trouble.connected();
    trouble.hungUp();
    trouble.note('ECONNRESET');
    expect(trouble.why).toBe(
      'it ends connections (ECONNRESET), and has answered here before: it was stopped or is restarting, or something on the way cuts them',
    );
  });

  it('is said of one that is slow with what was measured, and of one that is silent', () => {
    trouble.note('TIMED_OUT');
    expect(trouble.why).toBe(
      'it does not answer within 120 ms (nodeTimeoutMs): it is frozen, overloaded, cut off, or further away than that',
    );
    trouble.answeredLate(131.4);
    expect(trouble.why).toBe(
      'it is slow (its newest reply came after 131 ms, and nodeTimeoutMs is 120): use a Redis that is nearer or less busy, or raise nodeTimeoutMs ' +
        'to 270 and lease.ttlMs to more than three times that',
    );
  });

  it('is nothing while nothing was measured, and nothing any more when it has answered', () => {
    trouble.note('NOT_CONNECTED');
    expect(trouble.why).toBeUndefined();
    trouble.note('ECONNREFUSED');
    trouble.clear();
    expect(trouble.why).toBeUndefined();
  });

  it('is not forgotten for a vaguer word that comes after it, until it is old', async () => {
    trouble.note('MAXCLIENTS');
    trouble.note('ECONNRESET');
    trouble.note('NOT_CONNECTED');
    expect(trouble.why).toContain('maxclients');
    await clock.advance(16_000);
    trouble.note('ECONNRESET');
    expect(trouble.why).toContain('ECONNRESET');
    trouble.note('ECONNREFUSED');
    expect(trouble.why).toContain('ECONNREFUSED');
  });

  it('is known of a reply that is none of Redis', () => {
    const errorOf = (message: string) => failureCode(new Error(message));
    expect(errorOf('Unknown RESP type 72 "H". Please report this.')).toBe('NOT_REDIS');
    expect(errorOf('Protocol error, got "H" as reply type byte. Please report this.')).toBe('NOT_REDIS');
    const refused = Object.assign(new Error('ERR max number of clients reached'), { name: 'ReplyError' });
    expect(failureCode(refused)).toBe('MAXCLIENTS');
  });
});
