import { EntitySchema } from '@mikro-orm/core';
import { MikroORM, type SqlEntityManager } from '@mikro-orm/postgresql';
import { mikroOrmSnapshots } from '#src/mikro-orm/mikro-orm-snapshots.js';
import { describeOrm } from './orm-stage.js';

const COUNTER = new EntitySchema<{ id: number; n: number }>({
  name: 'Counter',
  tableName: 'counter',
  properties: { id: { type: 'integer', primary: true }, n: { type: 'integer' } },
});

describeOrm<SqlEntityManager>({
  name: 'MikroORM',
  isGuarded: true,
  open: async (url, connections) => {
    const orm = await MikroORM.init({
      ...{ clientUrl: url, entities: [COUNTER], pool: { min: 0, max: connections } },
      ...{ debug: false, logger: () => undefined, discovery: { warnWhenNoEntities: false } },
    });
    return {
      snapshots: (settings) => mikroOrmSnapshots({ em: orm.em as SqlEntityManager, ...settings }),
      // By its unit of work, without a flush: the UPDATE is sent before the success is written.
      add: async (em) => {
        const counter = await em.findOneOrFail(COUNTER, { id: 1 }, { refresh: true });
        counter.n += 1;
      },
      raw: (em, sql) => em.execute(sql),
      nested: (em, work) => em.transactional((inner) => work(inner as SqlEntityManager)),
      ends: { commit: (em) => em.commit(), rollback: (em) => em.rollback() },
      close: () => orm.close(true),
    };
  },
});
