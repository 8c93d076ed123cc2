/** In which ways an app imports the module, and which of them cannot be meant. */

import type { Type } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { DistributedScheduleError } from '../protocol/errors.js';

/**
 * Counted per container: two apps in one process are two instances, as they should be.
 * @throws DistributedScheduleError DSCHED_SECOND_FOR_ROOT
 */
export function refuseSecondForRoot(modules: ModulesContainer, core: Type): void {
  const found = [...modules.values()].filter((module) => module.metatype === core).length;
  if (found < 2) return;
  throw new DistributedScheduleError(
    'DSCHED_SECOND_FOR_ROOT',
    `DistributedScheduleModule.forRoot or forRootAsync is called ${found} times in this app, which would make as many ` +
      'schedulers. Call it once, in the root module; the decorators and the registry work in every module.',
    { value: found },
  );
}

/**
 * The outer module, imported as it stands as well, as people do with modules that are not global. Each such import
 * would register all tasks again. Asked while the options are made, before a connection is opened that nobody would end.
 * @throws DistributedScheduleError DSCHED_NO_FOR_ROOT
 */
export function refusePlainImport(modules: ModulesContainer, outer: Type): void {
  // One of them is that of forRoot.
  const plain = [...modules.values()].filter((module) => module.metatype === outer).length - 1;
  if (plain < 1) return;
  throw new DistributedScheduleError(
    'DSCHED_NO_FOR_ROOT',
    'DistributedScheduleModule is imported without forRoot() beside the one with it. Leave it out there: it is global, so ' +
      'decorators and the registry work in every module.',
    { value: plain },
  );
}

/** @throws DistributedScheduleError DSCHED_NO_FOR_ROOT */
export function requireForRoot<T>(part: T | undefined): T {
  if (part !== undefined) return part;
  throw new DistributedScheduleError(
    'DSCHED_NO_FOR_ROOT',
    'DistributedScheduleModule is imported without forRoot(), and so without a scheduler. Write ' +
      'DistributedScheduleModule.forRoot({ redis, namespace }) in the imports of the root module.',
    { value: 'DistributedScheduleModule' },
  );
}
