/** A mixed-up variable may hold a Redis URL with its password. A leading `@` is no URL: people must see their `@reboot`. */
const MAY_BE_SECRET = /:\/\/|.@/s;

/** What an error may show of a value. Of lists and objects only the kind: they may hold a Redis password. */
export function harmlessValue(value: unknown): unknown {
  switch (typeof value) {
    case 'string':
      return MAY_BE_SECRET.test(value) ? 'a text that looks like an URL' : value;
    case 'object':
      if (value === null) return null;
      return Array.isArray(value) ? 'a list' : 'an object';
    case 'function':
      return 'a function';
    default:
      return value;
  }
}

/** The same as words of a message: texts in quotes, so that `'3'` and `3` differ. */
export function shownValue(value: unknown): string {
  const harmless = harmlessValue(value);
  return typeof value === 'string' && harmless === value ? JSON.stringify(value) : String(harmless);
}
