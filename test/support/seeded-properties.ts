/** Set up before each unit test file: properties that name no seed are drawn from the one of the run. */

import fc from 'fast-check';
import { SEED } from './seed.js';

fc.configureGlobal({ seed: SEED });
