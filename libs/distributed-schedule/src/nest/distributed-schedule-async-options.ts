import type { InjectionToken, ModuleMetadata, OptionalFactoryDependency, Type } from '@nestjs/common';
import type { DistributedScheduleOptions } from '../setup/distributed-schedule-options.js';

/** Makes the options, for `forRootAsync({ useClass })` and `forRootAsync({ useExisting })`. */
export interface DistributedScheduleOptionsFactory {
  createDistributedScheduleOptions(): DistributedScheduleOptions | Promise<DistributedScheduleOptions>;
}

type OptionsFactory = (
  ...injected: never[]
) => DistributedScheduleOptions | Promise<DistributedScheduleOptions>;

/** Exactly one of `useFactory`, `useClass` and `useExisting`. */
export interface DistributedScheduleAsyncOptions extends Pick<ModuleMetadata, 'imports'> {
  /** Injected into `useFactory`, in order. */
  readonly inject?: readonly (InjectionToken | OptionalFactoryDependency)[];
  /** `never` as parameter lets a factory name whatever types it expects. */
  readonly useFactory?: OptionsFactory;
  readonly useClass?: Type<DistributedScheduleOptionsFactory>;
  readonly useExisting?: InjectionToken<DistributedScheduleOptionsFactory>;
}
