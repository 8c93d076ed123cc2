/** Dots of figures, a line for each row with words at its end, in the language of vega-lite. Pure. */

export type Spec = Readonly<Record<string, unknown>>;

/** A value of a row, and the range of its rounds. */
export interface Dot {
  readonly row: string;
  readonly series: string;
  readonly value: number;
  readonly least: number;
  readonly most: number;
}

export interface DotPlot {
  /** In the order of the rows. */
  readonly dots: readonly Dot[];
  readonly words: readonly Words[];
  readonly axis: string;
  readonly title?: string;
}

export interface Words {
  readonly row: string;
  readonly words: string;
  /** What a reader is not to overlook. */
  readonly isFault: boolean;
}

const WIDTH = 460;
const ROW_HEIGHT = 28;
const WORDS_AT = WIDTH + 14;
const COLORS = ['#1b6ca8', '#d1495b'];
const WORDS_COLOR = { condition: { test: 'datum.isFault', value: '#b00020' }, value: '#555555' };
const POWERS_OF_TEN = Array.from({ length: 12 }, (_, index) => 10 ** (index - 4));
const CONFIG = {
  font: 'sans-serif',
  axis: { labelFontSize: 12, titleFontSize: 12, titleFontWeight: 'normal', labelLimit: 0 },
  title: { anchor: 'start', fontSize: 13 },
  legend: { labelFontSize: 12, title: null, orient: 'top', symbolSize: 80, symbolOpacity: 1 },
  view: { stroke: '#dddddd' },
};

/** One below the other, on one axis. */
export function dotPlots(plots: readonly DotPlot[]): Spec {
  return {
    ...{ background: 'white', padding: 12, config: CONFIG, spacing: 24 },
    vconcat: plots.map(dotPlot),
    resolve: { scale: { x: 'shared' } },
  };
}

function dotPlot({ dots, words, axis, title }: DotPlot): Spec {
  const series = [...new Set(dots.map((dot) => dot.series))];
  const x = (field: keyof Dot): Spec => ({
    ...{ field, type: 'quantitative', title: axis, scale: { type: 'log' } },
    axis: { grid: true, gridColor: '#e4e4e4', values: POWERS_OF_TEN, format: ',~f' },
  });
  const legend = series.length > 1 ? {} : { legend: null };
  const color = { field: 'series', type: 'nominal', scale: { domain: series, range: COLORS }, ...legend };
  const yOffset = { field: 'series', type: 'nominal', sort: series };
  return {
    ...(title === undefined ? {} : { title }),
    ...{ width: WIDTH, height: { step: ROW_HEIGHT, for: 'position' }, data: { values: dots } },
    // Without `sort: null` rows would stand by name.
    encoding: { y: { field: 'row', type: 'nominal', sort: null, title: null } },
    layer: [
      {
        mark: { type: 'rule', strokeWidth: 2 },
        encoding: { x: x('least'), x2: { field: 'most' }, color, yOffset },
      },
      {
        mark: { type: 'point', filled: true, size: 70, opacity: 1 },
        encoding: { x: x('value'), color, yOffset },
      },
      {
        data: { values: words },
        mark: { type: 'text', align: 'left', baseline: 'middle', fontSize: 12 },
        encoding: { x: { value: WORDS_AT }, text: { field: 'words' }, color: WORDS_COLOR },
      },
    ],
  };
}
