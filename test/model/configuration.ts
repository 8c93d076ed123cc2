/** One world in which a model is checked, and what must come out. */

export interface Configuration {
  /** The file of the model, without `.pml`. */
  readonly model: 'tick' | 'identity' | 'sets' | 'generations' | 'resends' | 'locks' | 'renewals' | 'prune';
  readonly name: string;
  /** What `spin` gets with `-D`; see the top of the model. */
  readonly defines: string;
  readonly expected: 'holds' | 'fails' | 'reachable';
  /** Part of `--quick`. */
  readonly isQuick: boolean;
}

type Written = Omit<Configuration, 'model'>;

export const holds = (name: string, defines: string): Written => row(name, defines, 'holds');
export const fails = (name: string, defines: string): Written => row(name, defines, 'fails');
export const reachable = (name: string, defines: string): Written => row(name, defines, 'reachable');

/** Searches that take more than a few seconds are left to the full run. */
export const quick = (written: Written): Written => ({ ...written, isQuick: true });

export function of(model: Configuration['model'], rows: readonly Written[]): readonly Configuration[] {
  return rows.map((written) => ({ ...written, model }));
}

function row(name: string, defines: string, expected: Configuration['expected']): Written {
  return { name, defines, expected, isQuick: false };
}
