import { clockTime } from './flow.js';
import { type Line, line, type Span, span, type Tone } from './paint.js';
import { isSound, type Proof } from './proof.js';

const LABEL_WIDTH = 14;
const NUMBER_WIDTH = 6;

/** Beyond this many, single ticks say no more than their number. */
const MAX_SINGLE_TICKS = 5;

/** The proof as people read it. `source` says where the handlers' own record is. */
export function proofPage(proof: Proof, source: string): Line[] {
  const unexplained = proof.missed.filter((missed) => !missed.explained);
  return [
    line(''),
    line('  Proof, read from what the handlers themselves wrote', 'strong'),
    line(''),
    figure('ticks due', proof.due),
    figure('runs', proof.runs),
    figure('duplicates', proof.doubled.length, proof.doubled.length === 0 ? 'good' : 'bad'),
    ...proof.doubled
      .slice(0, MAX_SINGLE_TICKS)
      .map(({ task, tick, replicas }) =>
        detail(`${task} at ${clockTime(tick)} on ${replicas.join(', ')}`, 'bad'),
      ),
    figure('missed', proof.missed.length, unexplained.length === 0 ? 'plain' : 'bad'),
    ...countReasons(proof).map(([reason, count]) => detail(`${count}  ${reason}`, 'plain')),
    ...unexplained
      .slice(0, MAX_SINGLE_TICKS)
      .map(({ task, tick }) => detail(`unexplained: ${task} at ${clockTime(tick)}`, 'bad')),
    [...label('lateness'), ...latenessSpans(proof)],
    [...label('record'), span(source, 'faint')],
    line(''),
    verdict(proof),
  ];
}

function verdict(proof: Proof): Line {
  if (isSound(proof)) {
    const rest =
      proof.missed.length === 0 ? 'and none was missed' : 'and each that was missed has its reason';
    return line(`  No tick ran twice, ${rest}.`, 'good');
  }
  if (proof.doubled.length > 0) return line('  A tick ran twice. That is a bug.', 'bad');
  return line(proof.runs === 0 ? '  Nothing ran at all.' : '  A tick was missed without a reason.', 'bad');
}

function latenessSpans({ lateness: { p50, p99, max }, latest }: Proof): Span[] {
  const figures = `p50 ${p50.toFixed(1)} ms   p99 ${p99.toFixed(1)} ms   max ${max.toFixed(1)} ms`;
  const where = latest === undefined ? '' : `   (${latest.task} at ${clockTime(latest.tick)})`;
  return [span(figures), span(where, 'faint')];
}

function countReasons({ missed }: Proof): [reason: string, count: number][] {
  const counts = new Map<string, number>();
  for (const { text } of missed) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts];
}

function figure(name: string, value: number, tone: Tone = 'plain'): Line {
  return [...label(name), span(String(value).padStart(NUMBER_WIDTH), tone)];
}

function detail(text: string, tone: Tone): Line {
  return [span(' '.repeat(LABEL_WIDTH + NUMBER_WIDTH + 5)), span(text, tone)];
}

function label(name: string): Span[] {
  return [span(`    ${name.padEnd(LABEL_WIDTH)}`, 'faint')];
}
