/** What to write in place of an expression of another cron, which the parser refuses with few words. */

const PRESETS = '@secondly, @minutely, @hourly, @daily, @weekly, @weekdays, @weekends, @monthly and @yearly';

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };

/** Begins with a separator; empty where the parser's words have to do. */
export function cronHint(expression: unknown): string {
  const hint = typeof expression === 'string' ? hintOf(expression.trim().toLowerCase()) : undefined;
  return hint === undefined ? '' : `; ${hint}`;
}

function hintOf(expression: string): string | undefined {
  if (expression === '') return 'it is empty, most likely because an environment variable is not set';
  if (expression.startsWith('@')) return hintOfPreset(expression);
  const fields = expression.split(/\s+/);
  if (fields.length < 5 || fields.length > 6) return 'it takes five fields, or six with the seconds first';
  if (fields.includes('?')) return 'write * in place of ?';
  if (/(?:^|[\s,\d])[lw](?:$|[\s,])|#/.test(expression)) return 'the letters L, W and # are not known here';
  return undefined;
}

function hintOfPreset(expression: string): string | undefined {
  const [, count, unit = ''] = /^@every\s+(\d+)([smh])$/.exec(expression) ?? [];
  if (count !== undefined) {
    const periodMs = Number(count) * (UNIT_MS[unit] ?? 1);
    return `use @IntervalExclusive(${periodMs.toLocaleString('en').replaceAll(',', '_')}), in milliseconds`;
  }
  switch (expression) {
    case '@reboot':
      return 'a start is no instant of a cluster; use @TimeoutExclusive, which runs once per deploymentKey, or onApplicationBootstrap';
    case '@midnight':
      return "write '0 0 * * *' or '@daily'";
    case '@annually':
      return "write '0 0 1 1 *' or '@yearly'";
    default:
      return expression.startsWith('@every')
        ? 'use @IntervalExclusive, in milliseconds'
        : `of this kind there are ${PRESETS}`;
  }
}
