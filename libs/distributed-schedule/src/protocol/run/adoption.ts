/** What the run of a task does with a tick that comes due meanwhile. */
export type Adoption =
  /** It starts it, or reports how it ended. */
  | 'adopted'
  /** Another one is buffered. */
  | 'refused'
  /** Nothing: the tick is contested as ever. */
  | 'contested';
