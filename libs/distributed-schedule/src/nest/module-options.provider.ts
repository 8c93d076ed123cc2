/** How the options of the module come about: from forRoot, from what keeps the app away from its nodes, from overrides of a test. */

import { Logger, type Provider, type Type } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import type { LockProvider, Random, TickLedger } from '../protocol/contract/ports.js';
import type { DistributedScheduleOptions } from '../setup/distributed-schedule-options.js';
import { type ModuleOptions, resolveModuleOptions } from '../setup/distributed-schedule-options.resolver.js';
import type { TestStage } from '../setup/store-switch.js';
import { readStoreSwitch, type StoreSwitch, withoutStore } from '../setup/store-switch.js';
import { findApp } from '../system/app-name.js';
import { instanceName } from '../system/instance-name.js';
import { SystemClock } from '../system/system-clock.js';
import { SystemRandom } from '../system/system-random.js';
import {
  CLOCK,
  GIVEN_OPTIONS,
  LOCK_PROVIDER,
  MODULE_OPTIONS,
  RANDOM,
  STORE_SWITCH,
  TEST_STAGE,
  TICK_LEDGER,
} from './distributed-schedule.tokens.js';
import { refuseForeignOverride, refusePlainImport, refuseSecondForRoot } from './module-imports.js';

const OPTIONAL_STAGE = { token: TEST_STAGE, optional: true };

/** What the options come from, in the order in which it is injected. */
type Sources = readonly [
  given: DistributedScheduleOptions,
  away: StoreSwitch | undefined,
  lockProvider: LockProvider | undefined,
  tickLedger: TickLedger | undefined,
  random: Random,
];
const SOURCES = [GIVEN_OPTIONS, STORE_SWITCH, LOCK_PROVIDER, TICK_LEDGER, RANDOM];

/** For `core`, the module that has these providers, within `outer`. */
export function optionProviders(core: Type, outer: Type): readonly Provider[] {
  return [
    ofStage(STORE_SWITCH, (stage) => readStoreSwitch(stage, process.env)),
    ofStage(CLOCK, (stage) => stage?.clock ?? new SystemClock()),
    ofStage(RANDOM, (stage) => stage?.random ?? new SystemRandom()),
    ownPart(LOCK_PROVIDER, 'lockProvider'),
    ownPart(TICK_LEDGER, 'tickLedger'),
    {
      provide: MODULE_OPTIONS,
      useFactory: (modules: ModulesContainer, stage: TestStage | undefined, ...sources: Sources) => {
        refuseSecondForRoot(modules, core);
        refusePlainImport(modules, outer);
        refuseForeignOverride(modules, outer, stage);
        return moduleOptionsOf(sources);
      },
      inject: [ModulesContainer, OPTIONAL_STAGE, ...SOURCES],
    },
  ];
}

function ofStage(provide: symbol, useFactory: (stage?: TestStage) => unknown): Provider {
  return { provide, useFactory, inject: [OPTIONAL_STAGE] };
}

/** An option that is a provider as well, so that a test can override it alone. */
function ownPart(provide: symbol, option: 'lockProvider' | 'tickLedger'): Provider {
  return {
    provide,
    // What is no object is refused when the options are resolved.
    useFactory: (given: DistributedScheduleOptions | undefined, away: StoreSwitch | undefined) =>
      away === undefined ? given?.[option] : undefined,
    inject: [GIVEN_OPTIONS, STORE_SWITCH],
  };
}

function moduleOptionsOf([given, away, lockProvider, tickLedger, random]: Sources): ModuleOptions {
  const kept = away === undefined || !isObject(given) ? given : withoutStore(given, away);
  const parts = {
    ...(lockProvider !== undefined && { lockProvider }),
    ...(tickLedger !== undefined && { tickLedger }),
  };
  const merged = isObject(kept) ? { ...kept, ...parts } : kept;
  // Away from its nodes an app keeps nothing to itself that it would share otherwise.
  const environment = away === undefined ? process.env.NODE_ENV : undefined;
  const options = resolveModuleOptions(merged, () => instanceName(random), findApp, environment);
  if (away === undefined) return options;
  new Logger('DistributedSchedule').log(
    `${away.by}: this app keeps away from the nodes of its options. ` +
      (options.protocol.enabled ? 'Its tasks run in this process alone.' : 'No task runs.'),
  );
  return { ...options, isKeptAway: true };
}

function isObject(given: unknown): given is object {
  return typeof given === 'object' && given !== null;
}
