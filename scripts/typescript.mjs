// Lets Node run the TypeScript of this repository without a build:
//   node --import ./scripts/typescript.mjs test/bench/idle-cost.ts
// Types are stripped, not checked; decorators and their metadata come out as in a build.

import { register } from 'node:module';

register('./typescript-hooks.mjs', import.meta.url);
process.setSourceMapsEnabled(true);
