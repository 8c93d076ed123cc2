import { Inject, Injectable } from '@nestjs/common';
import { LazyModuleLoader, ModuleRef, ModulesContainer } from '@nestjs/core';
import { DistributedScheduleError } from '../protocol/contract/errors.js';
import { namedHandlersOf } from './decorators/exclusive-handler.decorator.js';
import { exclusiveMethodsOf } from './decorators/exclusive-metadata.accessor.js';
import { prototypeOf } from './tick-handler.factory.js';

type Module = ReturnType<ModulesContainer['get']> & object;

/** Tasks are settled at boot: instances compare and rank by them. Nest calls no hook of a module that is loaded later. */
@Injectable()
export class LazyModuleGuard {
  private known: ReadonlySet<Module> | undefined;

  constructor(
    @Inject(LazyModuleLoader) private readonly loader: LazyModuleLoader,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
  ) {}

  /** To be called when the tasks of the app have been found: what is there now is known. */
  watch(): void {
    const { loader } = this;
    if (this.known !== undefined) return;
    this.known = new Set(this.modules.values());
    const load = loader.load.bind(loader);
    loader.load = async (...request) => {
      const moduleRef = await load(...request);
      this.refuseTasksOf(moduleRef);
      return moduleRef;
    };
  }

  /** @throws DistributedScheduleError DSCHED_LAZY_TASK */
  private refuseTasksOf(moduleRef: ModuleRef): void {
    const loaded = [...this.modules.values()].find(
      ({ providers }) => providers.get(ModuleRef)?.instance === moduleRef,
    );
    const pending = new Set(loaded === undefined ? [] : [loaded]);
    // A set also gives what is added to it meanwhile.
    for (const module of pending) {
      if (this.known?.has(module)) continue;
      this.refuseTasksIn(module);
      for (const imported of module.imports) pending.add(imported);
    }
  }

  private refuseTasksIn(module: Module): void {
    for (const { instance } of [...module.controllers.values(), ...module.providers.values()]) {
      const prototype = prototypeOf(instance);
      const [first] = prototype === undefined ? [] : tasksOf(prototype);
      if (first !== undefined)
        throw lazyTask(`${prototype?.constructor.name}.${first.method}`, first.decorator, module);
    }
  }
}

function tasksOf(prototype: object): readonly { readonly method: string; readonly decorator: string }[] {
  return [
    ...exclusiveMethodsOf(prototype)
      .filter(({ metadata }) => metadata.options.disabled !== true)
      .map(({ method, metadata }) => ({ method, decorator: metadata.decorator })),
    ...namedHandlersOf(prototype).map(([, method]) => ({ method, decorator: '@ExclusiveHandler' })),
  ];
}

function lazyTask(origin: string, decorator: string, { name }: Module): DistributedScheduleError {
  return new DistributedScheduleError(
    'DSCHED_LAZY_TASK',
    `${origin} is ${decorator}, and ${name} was loaded when the app had booted, so it would never run: tasks are settled at boot, ` +
      'so that all instances know who runs what. Import the module in one that is there at boot, and load what is costly ' +
      'inside the method.',
    { value: origin },
  );
}
