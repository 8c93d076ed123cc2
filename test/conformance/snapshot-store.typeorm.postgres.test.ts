import 'reflect-metadata';
import { DataSource, type EntityManager, EntitySchema } from 'typeorm';
import { typeormSnapshots } from '#src/typeorm/typeorm-snapshots.js';
import { describeOrm } from './orm-stage.js';

const COUNTER = new EntitySchema<{ id: number; n: number }>({
  name: 'counter',
  columns: { id: { type: 'integer', primary: true }, n: { type: 'integer' } },
});

describeOrm<EntityManager>({
  name: 'TypeORM',
  isGuarded: true,
  open: async (url, connections) => {
    const dataSource = new DataSource({
      ...{ type: 'postgres', url, entities: [COUNTER], poolSize: connections },
      // Its default: what it says of a connection that ends is no part of the test.
      logging: false,
    });
    await dataSource.initialize();
    return {
      snapshots: (settings) => typeormSnapshots({ dataSource, ...settings }),
      add: (tx) => tx.getRepository(COUNTER).increment({ id: 1 }, 'n', 1),
      raw: (tx, sql) => tx.query(sql),
      nested: (tx, work) => tx.transaction(work),
      ends: {
        release: (tx) => tx.release(),
        commit: async (tx) => tx.queryRunner?.commitTransaction(),
        rollback: async (tx) => tx.queryRunner?.rollbackTransaction(),
      },
      close: () => dataSource.destroy(),
    };
  },
});
