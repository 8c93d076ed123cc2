/** Another seed every time, except in CI, which must not fail for what it has not changed. `SEED=…` repeats a run. */

const CI_SEED = 20_261_122;

export const SEED = Number(
  process.env.SEED ?? (process.env.CI === undefined ? Math.floor(Math.random() * 2 ** 31) : CI_SEED),
);
