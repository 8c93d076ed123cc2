import { defineConfig } from 'vitest/config';
import { SimulationsFirst } from './test/support/simulations-first.js';

// Four kinds: `unit` needs nothing but Node, and computes; `integration` starts real redis-server processes, and waits;
// `e2e` starts real application processes as well; `package` installs what is published. `npm test` runs one after the other.
const shared = { resolve: { tsconfigPaths: true } } as const;

/** What is polled for comes in its own time: the default of one second is too little on a busy machine. */
const PATIENT = { poll: { timeout: 20_000 } };

/** Of the campaign of faults, what needs neither servers nor processes. */
const PURE_FAULT_TESTS = [
  'test/faults/campaign/{checker,losses,misses*}.test.ts',
  'test/faults/once/tick-account.test.ts',
];

const PACKAGE_TESTS = 'test/e2e/package/**/*.test.ts';

export default defineConfig({
  test: {
    sequence: { sequencer: SimulationsFirst },
    projects: [
      {
        ...shared,
        test: {
          name: 'unit',
          expect: PATIENT,
          include: [
            'test/{architecture,model,simulation,unit}/**/*.test.ts',
            'test/conformance/**/*.memory.test.ts',
            ...PURE_FAULT_TESTS,
          ],
          setupFiles: ['test/support/seeded-properties.ts'],
          isolate: false,
          // One less than there are cores, which is the default, leaves half of a small machine idle.
          maxWorkers: '100%',
          // Nothing here measures time: a busy machine is no failure.
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
      {
        ...shared,
        test: {
          name: 'integration',
          expect: PATIENT,
          include: [
            'test/{differential,integration}/**/*.test.ts',
            'test/conformance/**/*.{redis,postgres}.test.ts',
          ],
          testTimeout: 30_000,
          hookTimeout: 30_000,
          // They wait for real time more than they work: three at a time keep one core busy.
          maxWorkers: 3,
          env: { TEST_PORTS: '20000-25999' },
          sequence: { groupOrder: 1 },
        },
      },
      {
        ...shared,
        test: {
          name: 'e2e',
          expect: PATIENT,
          globalSetup: ['scripts/build-demo.mjs'],
          include: ['test/e2e/**/*.test.ts', 'test/faults/**/*.test.ts'],
          exclude: [...PURE_FAULT_TESTS, PACKAGE_TESTS],
          env: { TEST_PORTS: '26000-31999' },
          testTimeout: 180_000,
          hookTimeout: 120_000,
          // A file keeps less than half a core busy (113 s of 264 s), since it waits for real seconds.
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
          // A scene is six processes: more of them at a time than this measure the machine, not the library.
          maxConcurrency: 3,
        },
      },
      {
        ...shared,
        test: {
          name: 'package',
          expect: PATIENT,
          include: [PACKAGE_TESTS],
          testTimeout: 180_000,
          hookTimeout: 120_000,
          maxConcurrency: 3,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
