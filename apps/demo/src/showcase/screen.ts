import { type Line, paint } from './paint.js';

/** One moment of the showcase: what a terminal redraws in place, and what anything else prints once. */
export interface Frame {
  readonly picture: readonly Line[];
  /** Lines of the flow that have become final since the last frame. */
  readonly news: readonly Line[];
}

export interface Screen {
  readonly rows: number;
  show(frame: Frame): void;
  /** Prints below whatever stands there, for good. */
  print(lines: readonly Line[]): void;
  close(): void;
}

const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
const CLEAR_TO_LINE_END = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';
const CLEAR_ALL = '\u001b[2J\u001b[H';

export function openScreen(out: NodeJS.WriteStream): Screen {
  return out.isTTY ? new TerminalScreen(out) : new PlainScreen(out);
}

class TerminalScreen implements Screen {
  /** Lines of the picture that stands there, and of what was printed above it. */
  private height = 0;
  private heading = 0;
  private readonly colours: boolean;

  constructor(private readonly out: NodeJS.WriteStream) {
    // Honours NO_COLOR and TERM=dumb.
    this.colours = out.hasColors();
    out.write(HIDE_CURSOR);
    out.on('resize', this.startOver);
  }

  /** A picture as tall as the window would scroll, and the way back up would miss its top. */
  get rows(): number {
    return this.out.rows - 1 - this.heading;
  }

  show({ picture }: Frame): void {
    const lines = picture.slice(0, this.out.rows - 1);
    const up = this.height > 0 ? `\u001b[${this.height}A` : '';
    // One write per picture, or it flickers.
    this.out.write(`${up}\r${lines.map((each) => this.toRow(each)).join('')}${CLEAR_BELOW}`);
    this.height = lines.length;
  }

  print(lines: readonly Line[]): void {
    this.height = 0;
    this.heading = lines.length;
    this.out.write(lines.map((each) => this.toRow(each)).join(''));
  }

  close(): void {
    this.out.off('resize', this.startOver);
    this.out.write(SHOW_CURSOR);
  }

  private toRow(each: Line): string {
    return `${paint(each, this.out.columns - 1, this.colours)}${CLEAR_TO_LINE_END}\n`;
  }

  /** A narrower window has wrapped what stands there, so nobody knows how many rows it takes. */
  private readonly startOver = (): void => {
    if (this.height === 0) return;
    this.height = 0;
    this.heading = 0;
    this.out.write(CLEAR_ALL);
  };
}

class PlainScreen implements Screen {
  readonly rows = Number.POSITIVE_INFINITY;

  constructor(private readonly out: NodeJS.WriteStream) {}

  show({ news }: Frame): void {
    this.print(news);
  }

  print(lines: readonly Line[]): void {
    for (const each of lines) this.out.write(`${paint(each, Number.POSITIVE_INFINITY, false)}\n`);
  }

  close(): void {
    // Nothing was changed.
  }
}
