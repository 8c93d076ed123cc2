/** What a lock on etcd costs at least: a lease, and a transaction that puts the key with it where there is none. */

import { peer } from '../latency/contestants/peers.js';
import { findEtcd, startEtcd } from './etcd-server.js';
import { drive, type Floor } from './floor.js';

interface Condition {
  then(put: unknown): Condition;
  commit(): Promise<{ readonly succeeded: boolean }>;
}
interface Put {
  value(text: string): Put;
  lease(id: string): Put;
}
interface Etcd {
  readonly leaseClient: { leaseGrant(request: { TTL: number }): Promise<{ readonly ID: string }> };
  if(key: string, column: 'Create', comparison: '==', value: number): Condition;
  put(key: string): Put;
  close(): void;
}
interface EtcdPackage {
  readonly Etcd3: new (options: { hosts: string }) => Etcd;
}

const CALLERS = 50;
const LEASE_TTL_S = 60;

/** @returns undefined where etcd is not installed */
export async function measureEtcd(forMs: number): Promise<readonly Floor[] | undefined> {
  const program = findEtcd();
  if (program === undefined) return undefined;
  const { Etcd3 } = await peer<EtcdPackage>('etcd3');
  const server = await startEtcd(program);
  const etcd = new Etcd3({ hosts: server.url });
  let count = 0;
  try {
    const figures = await drive({ callers: CALLERS, forMs }, async () => {
      count += 1;
      const key = `lock${count}`;
      const { ID } = await etcd.leaseClient.leaseGrant({ TTL: LEASE_TTL_S });
      const put = etcd.put(key).value('me').lease(ID);
      const { succeeded } = await etcd.if(key, 'Create', '==', 0).then(put).commit();
      return succeeded ? 1 : 0;
    });
    const about = `a lease and a transaction that puts a key, each synced to disk, ${CALLERS} in flight`;
    return [{ name: 'etcd, 1 member', about, figures }];
  } finally {
    etcd.close();
    await server.stop();
  }
}
