/** Draws plots without a browser. */

import { peer } from '../latency/contestants/peers.js';
import type { Spec } from './dot-plot.js';

interface VegaLite {
  compile(spec: Spec): { readonly spec: object };
}
interface TextItem {
  readonly fontSize?: number;
}
interface Vega {
  readonly textMetrics: { width: (item: TextItem, text: unknown) => number };
  parse(spec: object): object;
  readonly View: new (runtime: object, options: { renderer: 'none' }) => { toSVG(): Promise<string> };
}

/** A page shows the file as one picture with a name, so nobody hears these, and they are half of it. */
const SAID_ALOUD = / (?:role|aria-[a-z]+)="[^"]*"/g;
/** Of a letter, in font sizes. Without a browser vega takes 0.8, which leaves a third of a picture empty. */
const LETTER_WIDTH = 0.54;
const FONT_SIZE_PX = 11;

export async function svgOf(spec: Spec, title: string): Promise<string> {
  const { compile } = await peer<VegaLite>('vega-lite');
  const { parse, View, textMetrics } = await peer<Vega>('vega');
  textMetrics.width = ({ fontSize = FONT_SIZE_PX }, text) => LETTER_WIDTH * fontSize * String(text).length;
  const svg = await new View(parse(compile(spec).spec), { renderer: 'none' }).toSVG();
  return `${namedPicture(svg, title)}\n`;
}

export function namedPicture(svg: string, title: string): string {
  return svg.replaceAll(SAID_ALOUD, '').replace('>', `><title>${title}</title>`);
}
