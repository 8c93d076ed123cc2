import type { InjectionToken, OptionalFactoryDependency } from '@nestjs/common';
import { type DynamicModule, Module, type ModuleMetadata, type Provider } from '@nestjs/common';
import type { IdempotentExecutionOptions } from '../../setup/idempotent-execution-options.js';
import { EXECUTION_OPTIONS } from '../distributed-schedule.tokens.js';
import { IdempotentExecutor } from './idempotent-executor.js';

/** For options that other providers hold, such as the pool of your database. */
export interface IdempotentExecutionAsyncOptions extends Pick<ModuleMetadata, 'imports'> {
  readonly inject?: readonly (InjectionToken | OptionalFactoryDependency)[];
  readonly useFactory: (
    ...injected: never[]
  ) => IdempotentExecutionOptions | Promise<IdempotentExecutionOptions>;
}

/**
 * Provides {@link IdempotentExecutor} everywhere. Independent of DistributedScheduleModule, but for the namespace, which it takes
 * from there unless it is given one: `runOnce` is of use in a controller as well. A store that is down does not stop the boot; calls wait for it as long as their patience lasts.
 */
@Module({})
export class IdempotentExecutionModule {
  static forRoot(options: IdempotentExecutionOptions): DynamicModule {
    return moduleWith({ provide: EXECUTION_OPTIONS, useValue: options });
  }

  static forRootAsync({
    imports = [],
    inject = [],
    useFactory,
  }: IdempotentExecutionAsyncOptions): DynamicModule {
    return moduleWith({ provide: EXECUTION_OPTIONS, useFactory, inject: [...inject] }, imports);
  }
}

function moduleWith(options: Provider, imports: ModuleMetadata['imports'] = []): DynamicModule {
  return {
    module: IdempotentExecutionModule,
    global: true,
    imports,
    providers: [options, IdempotentExecutor],
    exports: [IdempotentExecutor],
  };
}
