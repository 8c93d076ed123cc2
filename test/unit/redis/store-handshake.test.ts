import { describe, expect, it } from 'vitest';
import { judgeHandshake, oddities } from '#src/redis/node/store-handshake.js';

const FIT = ['7.0.15', 'run', 'replid', 'master', '0', '0', ''];
const ONE_OF_MANY = { isPlain: true, isAlone: false, waitReplicas: 0 };

describe('a handshake', () => {
  it('finds a fit server, and what else it has shown', () => {
    expect(judgeHandshake(FIT)).toEqual({
      kind: 'fit',
      runId: 'run',
      traits: { replicas: 0, isClusterMember: false, evictsBy: undefined },
    });
    expect(judgeHandshake([...FIT.slice(0, 4), '2', '1', 'allkeys-lru'])).toMatchObject({
      traits: { replicas: 2, isClusterMember: true, evictsBy: 'allkeys-lru' },
    });
    expect(judgeHandshake([...FIT.slice(0, 6), 'noeviction'])).toMatchObject({
      traits: { evictsBy: undefined },
    });
  });

  it('names a replica, whatever else is wrong with it', () => {
    const verdict = judgeHandshake([...FIT.slice(0, 3), 'slave', '0', '0', '', 'ZADD']);
    expect(verdict).toEqual({
      kind: 'unfit',
      isReplica: true,
      why: 'it is a replica, and only masters vote: give the address of its master',
    });
  });

  it('has one line to type for all rights that are missing, and says apart what no right can mend', () => {
    expect(judgeHandshake([...FIT, 'ZREVRANGEBYSCORE', 'PEXPIRE', 'PUBSUB'])).toMatchObject({
      why:
        'its user may not call ZREVRANGEBYSCORE, PEXPIRE and PUBSUB: ' +
        'ACL SETUSER <user> +zrevrangebyscore +pexpire +pubsub|numsub',
    });
    expect(judgeHandshake([...FIT, '?GET', 'SET'])).toMatchObject({
      why: 'its user may not call SET: ACL SETUSER <user> +set; it does not know GET: rename no commands',
    });
  });
});

describe('a server that votes', () => {
  const plain = { replicas: 0, isClusterMember: false, evictsBy: undefined };

  it('is not odd by itself', () => {
    expect(oddities(plain, ONE_OF_MANY)).toEqual([]);
  });

  it('is odd when it evicts, is a member of a cluster, or has replicas', () => {
    expect(oddities({ replicas: 1, isClusterMember: true, evictsBy: 'allkeys-lru' }, ONE_OF_MANY)).toEqual([
      expect.stringMatching(/maxmemory-policy allkeys-lru.*: set maxmemory-policy to noeviction$/),
      expect.stringMatching(/^it is a member of a Redis Cluster .*: pass an ioredis Cluster client/),
      expect.stringMatching(/^it has 1 replica, .*: let nothing promote them/),
    ]);
    expect(oddities({ ...plain, replicas: 2 }, { ...ONE_OF_MANY, isAlone: true })).toEqual([
      expect.stringMatching(/^it has 2 replicas: .*waitReplicas/),
    ]);
  });

  it('is not told of what is known of a Sentinel or a Cluster, or is provided for', () => {
    const traits = { ...plain, replicas: 2, isClusterMember: true };
    expect(oddities(traits, { ...ONE_OF_MANY, isPlain: false })).toEqual([]);
    expect(oddities({ ...plain, replicas: 2 }, { isPlain: true, isAlone: true, waitReplicas: 1 })).toEqual(
      [],
    );
  });
});
