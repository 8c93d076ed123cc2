/** A report as files of a folder. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { markdownOf } from './markdown.js';
import { PLOT_TITLES, plotsOf } from './plots.js';
import type { Report } from './report.js';
import { svgOf } from './svg.js';

/** @returns the Markdown */
export async function writeReport(folder: string, report: Report): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const plots = plotsOf(report);
  for (const [name, spec] of plots)
    writeFileSync(join(folder, `${name}.svg`), await svgOf(spec, PLOT_TITLES[name]));
  const markdown = markdownOf(report, [...plots.keys()]);
  writeFileSync(join(folder, 'bench.md'), markdown);
  writeFileSync(join(folder, 'bench.json'), `${JSON.stringify(report, undefined, 2)}\n`);
  return markdown;
}
