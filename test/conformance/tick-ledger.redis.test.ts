import { startInstance } from '../support/redis-instances.js';
import { startRedis } from '../support/redis-server.js';
import { describeTickLedger } from './tick-ledger.suite.js';

for (const count of [1, 3, 5]) {
  describeTickLedger(`over ${count} Redis node(s)`, async () => {
    const servers = await Promise.all(Array.from({ length: count }, () => startRedis()));
    const inputs = servers.map(({ url }) => url);
    const connect = (instanceId: string) => startInstance({ inputs, namespace: 'conformance', instanceId });
    const connections = await Promise.all(['me', 'you', 'they'].map((id) => connect(id)));
    const client = servers[0]?.client();
    return {
      instances: connections.map(({ nodes }) => nodes),
      nowMs: async () => {
        const [seconds, microseconds] = (await client?.time()) ?? [];
        return Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000);
      },
      forget: async (forgetful) => {
        await Promise.all(servers.slice(0, forgetful).map((server) => server.client().flushall()));
      },
      close: async () => {
        await Promise.all(connections.map((connection) => connection.close()));
        await Promise.all(servers.map((server) => server.stop()));
      },
    };
  });
}
