/** How the options of the module come about: from forRoot, from what keeps the app away from its nodes, from overrides of a test. */

import { Logger, type Provider, type Type } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import type { LockProvider, Random, TickLedger } from '../protocol/contract/ports.js';
import type { DistributedScheduleOptions } from '../setup/distributed-schedule-options.js';
import { type ModuleOptions, resolveModuleOptions } from '../setup/distributed-schedule-options.resolver.js';
import { readStoreSwitch, type StoreSwitch, withoutStore } from '../setup/store-switch.js';
import type { TestStage } from '../setup/test-stage.js';
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

/** What the test kit replaces where it is there. */
const STAGE_PROVIDERS: readonly Provider[] = [
  {
    provide: STORE_SWITCH,
    useFactory: (stage?: TestStage) => readStoreSwitch(stage, process.env),
    inject: [OPTIONAL_STAGE],
  },
  {
    provide: CLOCK,
    useFactory: (stage?: TestStage) => stage?.clock ?? new SystemClock(),
    inject: [OPTIONAL_STAGE],
  },
  {
    provide: RANDOM,
    useFactory: (stage?: TestStage) => stage?.random ?? new SystemRandom(),
    inject: [OPTIONAL_STAGE],
  },
];

const OPTION_PARTS = Symbol('option parts');

interface OptionParts {
  readonly given: DistributedScheduleOptions;
  readonly away: StoreSwitch | undefined;
  readonly lockProvider: LockProvider | undefined;
  readonly tickLedger: TickLedger | undefined;
  readonly random: Random;
}

type PartsInOrder = [
  OptionParts['given'],
  OptionParts['away'],
  OptionParts['lockProvider'],
  OptionParts['tickLedger'],
  OptionParts['random'],
];

const PARTS_PROVIDER: Provider = {
  provide: OPTION_PARTS,
  useFactory: (...[given, away, lockProvider, tickLedger, random]: PartsInOrder): OptionParts => ({
    given,
    away,
    lockProvider,
    tickLedger,
    random,
  }),
  inject: [GIVEN_OPTIONS, STORE_SWITCH, LOCK_PROVIDER, TICK_LEDGER, RANDOM],
};

/**
 * @param core the module that has these providers
 * @param outer the module around it
 */
export function optionProviders(core: Type, outer: Type): readonly Provider[] {
  return [
    ...STAGE_PROVIDERS,
    ownPart(LOCK_PROVIDER, 'lockProvider'),
    ownPart(TICK_LEDGER, 'tickLedger'),
    PARTS_PROVIDER,
    {
      provide: MODULE_OPTIONS,
      useFactory: (parts: OptionParts, modules: ModulesContainer, stage?: TestStage) => {
        refuseSecondForRoot(modules, core);
        refusePlainImport(modules, outer);
        refuseForeignOverride(modules, outer, stage);
        return moduleOptionsOf(parts);
      },
      inject: [OPTION_PARTS, ModulesContainer, OPTIONAL_STAGE],
    },
  ];
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

function moduleOptionsOf({ given, away, lockProvider, tickLedger, random }: OptionParts): ModuleOptions {
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
