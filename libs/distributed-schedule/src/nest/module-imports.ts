/** In which ways an app imports the module, and which of them cannot be meant. */

import type { Type } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { DistributedScheduleError } from '../protocol/contract/errors.js';
import type { TestStage } from '../setup/store-switch.js';
import { FROM_FOR_ROOT } from './distributed-schedule.tokens.js';

type NestModule = ModulesContainer extends Map<string, infer M> ? M : never;

/** @throws DistributedScheduleError DSCHED_SECOND_FOR_ROOT. By container: two apps in one process are two instances */
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

/** @throws DistributedScheduleError DSCHED_NO_FOR_ROOT for the plain class beside forRoot, before a connection is opened */
export function refusePlainImport(modules: ModulesContainer, outer: Type): void {
  const isPlain = (module: NestModule): boolean => module.metatype === outer && !isFromForRoot(module, outer);
  const importers = [...modules.values()].filter((module) => !isFromForRoot(module, outer));
  const plain = importers.filter((importer) => importedBy(importer).some(isPlain)).length;
  if (plain < 1) return;
  throw new DistributedScheduleError(
    'DSCHED_NO_FOR_ROOT',
    'DistributedScheduleModule is imported without forRoot() beside the one with it. Leave it out there: it is global, so ' +
      'decorators and the registry work in every module.',
    { value: plain },
  );
}

/**
 * `overrideModule` of @nestjs/testing finds a class and no dynamic module, so forRoot imports the class too. In its place may stand
 * the module of the test kit; any other one would leave connections open and tasks unregistered.
 * @throws DistributedScheduleError DSCHED_NO_FOR_ROOT
 */
export function refuseForeignOverride(
  modules: ModulesContainer,
  outer: Type,
  stage: TestStage | undefined,
): void {
  const root = [...modules.values()].find((module) => isFromForRoot(module, outer));
  if (root === undefined || stage !== undefined) return;
  const imported = importedBy(root);
  if (imported.some(({ metatype }) => metatype === outer)) return;
  const [{ name } = { name: 'another module' }] = imported.filter(({ isGlobal }) => !isGlobal);
  throw new DistributedScheduleError(
    'DSCHED_NO_FOR_ROOT',
    `a test has put ${name} in the place of DistributedScheduleModule, which cannot keep the app from its nodes. Write ` +
      ".useModule(DistributedScheduleTestingModule), from 'nestjs-distributed-schedule/testing', or set " +
      'NEST_DISTRIBUTED_SCHEDULE=off and override nothing.',
    { value: name },
  );
}

/** Nest leaves a gap for a class that is imported as well as put in the place of another one. */
function importedBy({ imports }: NestModule): readonly NestModule[] {
  return [...imports].filter((imported: NestModule | undefined) => imported !== undefined);
}

function isFromForRoot({ metatype, providers }: NestModule, outer: Type): boolean {
  return metatype === outer && providers.has(FROM_FOR_ROOT);
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
