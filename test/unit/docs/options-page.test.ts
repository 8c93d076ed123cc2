/** docs/options.md has every option of the module and of the decorators, and none that does not exist. */

import { expect, it } from 'vitest';
import { sourceOf } from '../../support/library-sources.js';
import { textOf } from '../../support/page-files.js';

/** First cells of the table below a heading, each without its quotes. */
function options(heading: string): readonly string[] {
  const [, section = ''] = textOf('options.md').split(new RegExp(`^## ${heading}$`, 'm'));
  const rows = (section.split(/^##+ /m)[0] ?? '').matchAll(/^\| ([^|]*`[^|]*) \|/gm);
  return [...rows].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([a-zA-Z.]+)`/g)].map(([, name = '']) => name),
  );
}

function optionsInCode(file: string, name: string): readonly string[] {
  const declaration = new RegExp(`^(?:export )?interface ${name} [^{]*\\{\\n([\\s\\S]*?)^\\}`, 'm');
  const [, body = ''] = declaration.exec(sourceOf(file)) ?? [];
  return [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, option = '']) => option);
}

it('docs/options.md lists every option of the module', () => {
  const inCode = optionsInCode('distributed-schedule-options.ts', 'DistributedScheduleOptions');
  expect(inCode.length).toBeGreaterThan(20);
  const onPage = options('Options of the module').map((name) => name.replace(/\..*/, ''));
  expect([...new Set(onPage)]).toEqual(expect.arrayContaining([...inCode]));
  // The last row is the environment variable, which is no option.
  expect(new Set(onPage).size).toBe(inCode.length);
});

/** Where the options of the decorators are declared, and as what. */
const OF_DECORATORS = [
  ['exclusive-task-options.ts', 'ExclusiveTaskOptions'],
  ['exclusive-task-options.ts', 'DstOptions'],
  ['exclusive-task-options.ts', 'CronTimerOptions'],
  ['exclusive-task-options.ts', 'TimeoutExclusiveOptions'],
  ['task-policy-options.ts', 'TaskPolicyOptions'],
] as const;

it('docs/options.md lists every option of the decorators', () => {
  const inCode = OF_DECORATORS.flatMap(([file, name]) => optionsInCode(file, name));
  const decorators = ['CronExclusive', 'TimeoutExclusive', 'Exclusive', 'Cron'];
  expect(options('Options of a decorator').filter((name) => !decorators.includes(name))).toEqual(
    expect.arrayContaining(inCode),
  );
});
