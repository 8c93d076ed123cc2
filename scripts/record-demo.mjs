#!/usr/bin/env node
// Runs the demo and draws what it printed, line by line at the time at which it came:
//   node scripts/record-demo.mjs        docs/demo.svg

import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { stripVTControlCharacters } from 'node:util';

const root = join(import.meta.dirname, '..');
const target = join(root, 'docs', 'demo.svg');

const ROWS = 30;
const COLUMNS = 104;
const LINE = 18;
const CHARACTER = 8.2;
const MARGIN = 16;
/** The end, which is the proof, stands for so long before it begins anew, s. */
const REST = 8;

const lines = await record();
writeFileSync(target, draw(lines));
process.stdout.write(`${lines.length} lines in ${lines.at(-1).at.toFixed(1)} s: docs/demo.svg\n`);

async function record() {
  const child = spawn('node', [join(root, 'scripts', 'demo.mjs')], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = new Promise((resolve) => child.once('close', resolve));
  const recorded = [];
  let first;
  for await (const line of createInterface({ input: child.stdout })) {
    first ??= performance.now();
    recorded.push({ at: (performance.now() - first) / 1_000, text: stripVTControlCharacters(line) });
  }
  if ((await exit) !== 0) throw new Error('the demo has failed');
  return recorded;
}

function draw(recorded) {
  const whole = recorded.at(-1).at + REST;
  const width = COLUMNS * CHARACTER + 2 * MARGIN;
  const height = ROWS * LINE + 2 * MARGIN;
  // It scrolls as a terminal does: by a line whenever one comes that has no room.
  const scrolls = recorded.slice(ROWS).map(({ at }, index) => ({ at, by: -(index + 1) * LINE }));
  const stops = [{ at: 0, by: 0 }, ...scrolls];
  const times = stops.map(({ at }) => (at / whole).toFixed(5)).join(';');
  const values = stops.map(({ by }) => `0 ${by}`).join(';');
  const texts = recorded.map(
    ({ at, text }, row) =>
      `<text y="${(row + 1) * LINE}" visibility="hidden">${escaped(text)}` +
      `<animate attributeName="visibility" dur="${whole.toFixed(2)}s" repeatCount="indefinite" calcMode="discrete" ` +
      `keyTimes="0;${Math.max(0.00001, at / whole).toFixed(5)}" values="hidden;visible"/></text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img">
<title>npm run demo: three masters, three replicas, faults, and the proof</title>
<rect width="100%" height="100%" rx="8" fill="#0d1117"/>
<svg x="${MARGIN}" y="${MARGIN}" width="${width - 2 * MARGIN}" height="${ROWS * LINE + 6}">
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="13.5" fill="#e6edf3">
<animateTransform attributeName="transform" type="translate" dur="${whole.toFixed(2)}s" repeatCount="indefinite" calcMode="discrete" keyTimes="${times}" values="${values}"/>
${texts.join('\n')}
</g>
</svg>
</svg>
`;
}

/** Not every reader of SVG keeps several spaces as they are. */
function escaped(text) {
  const shown = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return shown.replaceAll(' ', '\u00a0');
}
