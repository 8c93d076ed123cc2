import { Injectable } from '@nestjs/common';

/** What the jobs of the small app have done. */
@Injectable()
export class Journal {
  readonly lines: string[] = [];

  write(line: string): void {
    this.lines.push(line);
  }
}
