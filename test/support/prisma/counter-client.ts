/**
 * A client of Prisma for the one table of a test. It is the client that `prisma generate` (7.10.1, generator `prisma-client`) makes of
 *
 *     model Counter {
 *       id Int @id
 *       n  Int
 *       @@map("counter")
 *     }
 *
 * with only what is used of its types. To be made anew with each version of @prisma/client: the engines that the command wants to load are
 * not needed for it (`PRISMA_SCHEMA_ENGINE_BINARY=/bin/true`); the figures below stand in its `internal/class.ts`.
 */

import { PrismaPg } from '@prisma/adapter-pg';
import { type GetPrismaClientConfig, getPrismaClient } from '@prisma/client/runtime/client';
import type { Pool } from 'pg';

interface CounterTable {
  update(args: { where: { id: number }; data: { n: { increment: number } } }): Promise<unknown>;
}

export interface CounterTransaction {
  readonly counter: CounterTable;
  $executeRawUnsafe(sql: string, ...values: unknown[]): Promise<number>;
  $transaction<R>(work: (tx: CounterTransaction) => Promise<R>): Promise<R>;
}

/** With both forms of `$transaction`, as a generated client has them. */
export interface CounterClient extends CounterTransaction {
  $transaction<P extends PromiseLike<unknown>[]>(
    work: [...P],
    options?: { isolationLevel?: string },
  ): Promise<unknown>;
  $transaction<R>(
    work: (tx: CounterTransaction) => Promise<R>,
    options?: { maxWait?: number; timeout?: number; isolationLevel?: string },
  ): Promise<R>;
  $disconnect(): Promise<void>;
}

/** Node has it; `@types/node` 20 does not. */
declare const WebAssembly: { readonly Module: new (bytes: Uint8Array) => unknown };

const GRAPH = [
  'JgsQBRwAAB8AMB0AAAQAEB4AAB8AMB8CAAAAASACACAAIQEAAAABACABAAAAAQAgBRwAAB8AMB0AAAQAEB4AAB8AMB8CACAAISAC',
  'ACAAIQADAAAABAAgAwAABQAwBAAAAQAgAwAAAAQAIAMAAAUAMAQAAAEAIAMAAAAEACADAAAFADAEAAABACACHwIAAAABIAIAAAAB',
  'AQgAAAkAIAIfAgAAAAEgAgAAAAEBCAAACwAwAQgAAAsAMAIfAgAmACEgAgAmACECAAAAAQAgCAAADgAgAh8CACYAISACACYAIQIA',
  'AAAEACAIAAAQACACAAAABAAgCAAAEAAgAwAAAAEAIA8AAAkAIBAAAA4AIAEAAAABACABAAAABAAgBRUAACEAIBYAACIAIBcAACUA',
  'IBgAACQAIBkAACMAIAUcAAAaADAdAAAXABAeAAAaADAfAgAbACEgAgAbACEDAAAABAAgAwAAFgAwFAAAFwAgAwAAAAQAIAMAAAUA',
  'MAQAAAEAIAUcAAAaADAdAAAXABAeAAAaADAfAgAbACEgAgAbACENFQAAHQAgFgAAHgAgFwAAHQAgGAAAHQAgGQAAHQAgIQIAAAAB',
  'IgIAAAAEIwIAAAAEJAIAAAABJQIAAAABJgIAAAABJwIAAAABKAIAHAAhDRUAAB0AIBYAAB4AIBcAAB0AIBgAAB0AIBkAAB0AICEC',
  'AAAAASICAAAABCMCAAAABCQCAAAAASUCAAAAASYCAAAAAScCAAAAASgCABwAIQghAgAAAAEiAgAAAAQjAgAAAAQkAgAAAAElAgAA',
  'AAEmAgAAAAEnAgAAAAEoAgAdACEIIQgAAAABIggAAAAEIwgAAAAEJAgAAAABJQgAAAABJggAAAABJwgAAAABKAgAHgAhBRwAAB8A',
  'MB0AAAQAEB4AAB8AMB8CACAAISACACAAIQghAgAAAAEiAgAAAAQjAgAAAAQkAgAAAAElAgAAAAEmAgAAAAEnAgAAAAEoAgAdACEA',
  'AAAAAAUpAgAAAAEqAgAAAAErAgAAAAEsAgAAAAEtAgAAAAEAAAAABRUABhYABxcACBgACRkACgAAAAAABRUABhYABxcACBgACRkA',
  'CgECAQIDAQUGAQYHAQcIAQkKAQoMAgsNAwwPAQ0RAg4SBBETARIUARMVAhoYBRsZCw',
].join('');

const STRINGS =
  'where Counter.findUnique Counter.findUniqueOrThrow orderBy cursor Counter.findFirst Counter.findFirstOrThrow Counter.findMany data Counter.createOne Counter.createMany Counter.createManyAndReturn Counter.updateOne Counter.updateMany Counter.updateManyAndReturn create update Counter.upsertOne Counter.deleteOne Counter.deleteMany having _count _avg _sum _min _max Counter.groupBy Counter.aggregate AND OR NOT id n equals in notIn lt lte gt gte not set increment decrement multiply divide'.split(
    ' ',
  );

const MODEL = {
  models: {
    Counter: {
      fields: [
        { name: 'id', kind: 'scalar', type: 'Int' },
        { name: 'n', kind: 'scalar', type: 'Int' },
      ],
      dbName: 'counter',
      schema: null,
    },
  },
  enums: {},
  types: {},
};

const CONFIG = {
  ...{
    previewFeatures: [],
    clientVersion: '7.10.1',
    engineVersion: 'd1b3f377ca835d73fd50954a5e22128b9ebdd6b8',
  },
  activeProvider: 'postgresql',
  inlineSchema:
    'generator client {\n  provider = "prisma-client"\n}\n\ndatasource db {\n  provider = "postgresql"\n}\n\nmodel Counter {\n  id Int @id\n  n  Int\n\n  @@map("counter")\n}\n',
  runtimeDataModel: MODEL,
  parameterizationSchema: { strings: STRINGS, graph: GRAPH },
  compilerWasm: {
    getRuntime: () => load('query_compiler_fast_bg.postgresql.mjs'),
    getQueryCompilerWasmModule: async () => {
      const { wasm } = (await load('query_compiler_fast_bg.postgresql.wasm-base64.mjs')) as { wasm: string };
      return new WebAssembly.Module(Buffer.from(wasm, 'base64'));
    },
    importName: './query_compiler_fast_bg.js',
  },
} as unknown as GetPrismaClientConfig;

/** These files have no types. */
function load(file: string): Promise<unknown> {
  return import(`@prisma/client/runtime/${file}`);
}

export function counterClient(pool: Pool): CounterClient {
  const Client = getPrismaClient(CONFIG);
  return new Client({ adapter: new PrismaPg(pool) } as never) as unknown as CounterClient;
}
