/** The values that one field of a cron expression names. */
export class CronValues {
  readonly first: number;
  readonly last: number;
  /** Infinite where there is only one. */
  readonly shortestGap: number;
  readonly isAll: boolean;
  private readonly named: ReadonlySet<number>;
  /** By value, the first one from there on. */
  private readonly following: readonly (number | undefined)[];

  /** @param values one at least, each from `least` to `most` */
  constructor(values: readonly number[], least: number, most: number) {
    const ascending = [...values].sort((one, other) => one - other);
    this.named = new Set(ascending);
    this.first = ascending[0] ?? least;
    this.last = ascending.at(-1) ?? least;
    this.isAll = this.named.size === most - least + 1;
    const following: (number | undefined)[] = [];
    for (let value = most, next: number | undefined; value >= 0; value -= 1) {
      if (this.named.has(value)) next = value;
      following[value] = next;
    }
    this.following = following;
    const gaps = ascending.slice(1).map((value, index) => value - (ascending[index] ?? 0));
    this.shortestGap = Math.min(Number.POSITIVE_INFINITY, ...gaps);
  }

  has(value: number): boolean {
    return this.named.has(value);
  }

  /** The first value from `value` on. */
  from(value: number): number | undefined {
    return this.following[value];
  }

  get span(): number {
    return this.last - this.first;
  }
}
