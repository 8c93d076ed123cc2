import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { HOW_TO_INSTALL, missingTools, readFinding } from './verifier.js';

const missing = missingTools();
if (missing.length > 0) {
  process.stderr.write(`\nMODEL NOT CHECKED: ${missing.join(' and ')} not found; ${HOW_TO_INSTALL}\n\n`);
}

describe('the model of the claim protocol', () => {
  it.skipIf(missing.length > 0)('holds in small worlds and sees most breakages', { timeout: 600_000 }, () => {
    const args = ['--import', './scripts/typescript.mjs', 'test/model/run-model.ts', '--quick'];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    expect(status, `${stdout}${stderr}`).toBe(0);
  });
});

describe('reading what the verifier says', () => {
  const complete =
    'State-vector 60 byte, depth reached 783, errors: 0\n 6266 states, stored\n 1.2e+06 transitions (= stored+matched)\n';

  it('takes a finished search without errors as complete', () => {
    expect(readFinding(complete)).toMatchObject({ errors: 0, isComplete: true, transitions: 1_200_000 });
  });

  it.each([
    'error: max search depth too small',
    'Warning: Search not completed',
    'pan: reached -DMEMLIM bound',
  ])('does not take "%s" as complete', (line) => {
    expect(readFinding(`${line}\n${complete}`).isComplete).toBe(false);
  });

  it('refuses to read anything into a verifier that died', () => {
    expect(() => readFinding('Segmentation fault')).toThrow('without a result');
  });
});
