/** The labels of instances: what a label may be, and who has which as far as an instance knows. */

import type { LabelsOf } from './ranking.js';

export const MAX_LABELS_OF_AN_INSTANCE = 16;
export const MAX_LABEL_LENGTH = 64;

// They stand in records, separated, and in logs.
const FORBIDDEN_IN_LABELS = /[\s\p{Cc}]/u;

export function isLabel(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value !== '' &&
    value.length <= MAX_LABEL_LENGTH &&
    !FORBIDDEN_IN_LABELS.test(value)
  );
}

/** What a person reads when a value is no list of labels. */
export const LABELS_EXPECTED =
  `a list of at most ${MAX_LABELS_OF_AN_INSTANCE} labels, each of 1 to ${MAX_LABEL_LENGTH} characters without whitespace ` +
  'and control characters';

export function isListOfLabels(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length <= MAX_LABELS_OF_AN_INSTANCE && value.every(isLabel);
}

/** Own labels for certain, those of others as last told. @param tell of another instance; undefined: nothing known */
export function labelsAsKnown(
  instanceId: string,
  own: readonly string[],
  tell: (instanceId: string) => readonly string[] | undefined,
): LabelsOf {
  return (asked) => (asked === instanceId ? own : (tell(asked) ?? []));
}
