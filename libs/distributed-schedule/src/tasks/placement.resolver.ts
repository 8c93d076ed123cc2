import type { Placement } from '../protocol/contract/tick-context.js';
import { isLabel } from '../protocol/members/labels.js';
import { badOption, between, requireOption } from '../protocol/options/option-spec.js';
import type { ExclusiveTaskOptions } from './exclusive-task-options.js';

const MAX_LABELS = 32;
/** Beyond this the others would hardly ever be first, which `runOn` says better. */
const MAX_WEIGHT = 1_000;
const WEIGHT = between(1 / MAX_WEIGHT, MAX_WEIGHT);

/** @throws DistributedScheduleError DSCHED_BAD_OPTION. Undefined: everywhere, all alike */
export function resolvePlacement(
  task: string,
  { runOn = [], weight = {} }: Pick<ExclusiveTaskOptions, 'runOn' | 'weight'>,
): Placement | undefined {
  const place = { task };
  const labels = typeof runOn === 'string' ? [runOn] : runOn;
  if (!Array.isArray(labels) || labels.length > MAX_LABELS || !labels.every(isLabel)) {
    throw badOption(place, 'runOn', runOn, `a label of instances, or a list of at most ${MAX_LABELS}`);
  }
  if (typeof weight !== 'object' || weight === null || Array.isArray(weight)) {
    throw badOption(place, 'weight', weight, 'an object with a number for each label, such as { large: 4 }');
  }
  const weights = Object.entries(weight);
  if (weights.length > MAX_LABELS || !weights.every(([label]) => isLabel(label))) {
    throw badOption(place, 'weight', weights[0]?.[0], `at most ${MAX_LABELS} labels of instances as names`);
  }
  for (const [label, value] of weights) requireOption(place, `weight.${label}`, value, WEIGHT);
  if (labels.length === 0 && weights.length === 0) return undefined;
  return Object.freeze({
    runOn: Object.freeze([...new Set<string>(labels)].sort()),
    weight: Object.freeze({ ...weight }),
  });
}
