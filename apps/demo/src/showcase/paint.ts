/** What a piece of text stands for. Colour is only ever an addition: every line reads the same without it. */
export type Tone = 'plain' | 'strong' | 'faint' | 'good' | 'bad' | 'warn';

export interface Span {
  readonly text: string;
  readonly tone: Tone;
}

export type Line = readonly Span[];

const SGR: Record<Tone, string> = { plain: '', strong: '1', faint: '2', good: '32', bad: '31', warn: '33' };

export function span(text: string, tone: Tone = 'plain'): Span {
  return { text, tone };
}

export function line(text: string, tone: Tone = 'plain'): Line {
  return [span(text, tone)];
}

/** The line as the terminal takes it: cut to `columns` characters before the colours are added. */
export function paint(spans: Line, columns: number, colours: boolean): string {
  let room = columns;
  let painted = '';
  for (const { text, tone } of spans) {
    const shown = text.length > room ? `${text.slice(0, Math.max(0, room - 1))}…` : text;
    painted += colours && SGR[tone] !== '' ? `\u001b[${SGR[tone]}m${shown}\u001b[0m` : shown;
    room -= shown.length;
    if (room <= 0) break;
  }
  return painted.trimEnd();
}
