/** Which environment and which application this is: what keeps two of them apart that share a store. */

import { DistributedScheduleError } from '../protocol/contract/errors.js';
import { badOption, requireName } from '../protocol/options/option-spec.js';
import type { FoundApp } from '../system/app-name.js';
import type { DistributedScheduleOptions } from './distributed-schedule-options.js';

type Given = Pick<DistributedScheduleOptions, 'redis' | 'namespace' | 'app'>;

/** Of a process that shares its nodes with nobody, and whose name nobody knows. */
export const ALONE = 'app';

/** @throws DistributedScheduleError DSCHED_NO_NAMESPACE, DSCHED_BAD_OPTION. With a default, staging and production would be one */
export function requireNamespace({ redis, namespace }: Given): void {
  if (redis === undefined) return;
  if (namespace === undefined) {
    throw new DistributedScheduleError(
      'DSCHED_NO_NAMESPACE',
      'redis is given without a namespace. Whoever uses these servers under the same namespace is one cluster with this app, so ' +
        "say which one it is, and tell environments apart: DistributedScheduleModule.forRoot({ redis, namespace: 'shop-production' })",
      { value: undefined },
    );
  }
  requireName('namespace', namespace);
  requireWholeNamespace(namespace);
}

/** What stands between the parts of a name; at its beginning or end a part is missing. */
const SEPARATOR = /[-:_.]/;
const MISSING_PARTS: readonly string[] = ['undefined', 'null'];

/** @throws DistributedScheduleError DSCHED_BAD_OPTION for a name with an unset variable in it: two environments would be one */
export function requireWholeNamespace(namespace: string): void {
  const parts = namespace.split(SEPARATOR);
  const isWhole =
    parts[0] !== '' && parts.at(-1) !== '' && !parts.some((part) => MISSING_PARTS.includes(part));
  if (isWhole) return;
  throw badOption(
    {},
    'namespace',
    namespace,
    'a name without a part that is missing, as in shop-production. Most likely an environment variable is empty or not set: ' +
      'is ENVIRONMENT set?',
  );
}

/** @throws DistributedScheduleError DSCHED_NO_APP, DSCHED_BAD_OPTION. Undefined where nodes are shared with nobody and no name is found */
export function requireApp({ redis, app }: Given, findApp: () => FoundApp): string | undefined {
  const found: FoundApp = app === undefined ? findApp() : { name: app };
  if ('name' in found) {
    requireName('app', found.name);
    return found.name;
  }
  if (redis === undefined) return undefined;
  throw new DistributedScheduleError(
    'DSCHED_NO_APP',
    `nothing says which application this is: ${found.why}. Another application of the namespace must not be taken for another ` +
      "version of this one, so name it, the same in all its releases: DistributedScheduleModule.forRoot({ redis, namespace, app: 'shop-api' })",
    { value: app },
  );
}

/** @throws DistributedScheduleError DSCHED_BAD_OPTION for whitespace: the ledger stores "tick claimId previousTick" */
export function requireInstanceId(instanceId: unknown): asserts instanceId is string {
  requireName('instanceId', instanceId);
  if (!/\s/u.test(instanceId)) return;
  throw badOption({}, 'instanceId', instanceId, 'a text without whitespace');
}
