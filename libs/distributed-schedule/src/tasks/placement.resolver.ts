import type { Placement } from '../protocol/contract/tick-context.js';
import { isLabel } from '../protocol/members/labels.js';
import type { ExclusiveTaskOptions } from './exclusive-task-options.js';
import { OptionReader } from './option-reader.js';

const MOST_LABELS = 32;
/** Beyond this the others would hardly ever be first, which `runOn` says better. */
const LARGEST_WEIGHT = 1_000;
const SMALLEST_WEIGHT = 1 / LARGEST_WEIGHT;

/**
 * Where a task may run. Undefined: everywhere, all alike.
 * @throws DistributedScheduleError DSCHED_BAD_OPTION
 */
export function resolvePlacement(
  task: string,
  { runOn = [], weight = {} }: Pick<ExclusiveTaskOptions, 'runOn' | 'weight'>,
): Placement | undefined {
  const reader = new OptionReader({ task });
  const labels = typeof runOn === 'string' ? [runOn] : runOn;
  if (!Array.isArray(labels) || labels.length > MOST_LABELS || !labels.every(isLabel)) {
    throw reader.bad('runOn', runOn, `a label of instances, or a list of at most ${MOST_LABELS}`);
  }
  if (typeof weight !== 'object' || weight === null || Array.isArray(weight)) {
    throw reader.bad('weight', weight, 'an object with a number for each label, such as { large: 4 }');
  }
  const weights = Object.entries(weight);
  if (weights.length > MOST_LABELS || !weights.every(([label]) => isLabel(label))) {
    throw reader.bad('weight', weights[0]?.[0], `at most ${MOST_LABELS} labels of instances as names`);
  }
  for (const [label, value] of weights) {
    reader.requireNumber(`weight.${label}`, value, SMALLEST_WEIGHT, LARGEST_WEIGHT);
  }
  if (labels.length === 0 && weights.length === 0) return undefined;
  return Object.freeze({
    runOn: Object.freeze([...new Set<string>(labels)].sort()),
    weight: Object.freeze({ ...weight }),
  });
}
