import { stripVTControlCharacters } from 'node:util';
import { expect, it } from 'vitest';
import { line, paint, span } from '../../../apps/demo/src/showcase/paint.js';

const two = [span('settle  ', 'strong'), span('success', 'good')];

it('a line without colours is plain text', () => {
  expect(paint(two, 80, false)).toBe('settle  success');
});

it('a line with colours shows the same text', () => {
  const painted = paint(two, 80, true);
  expect(painted).toContain('\u001b[32msuccess\u001b[0m');
  expect(stripVTControlCharacters(painted)).toBe('settle  success');
});

it('a line is cut to the width of the terminal, colours not counted', () => {
  const cut = stripVTControlCharacters(paint(two, 12, true));
  expect(cut).toBe('settle  suc…');
  expect(cut).toHaveLength(12);
  expect(paint(line('0123456789'), 10, false)).toBe('0123456789');
});
