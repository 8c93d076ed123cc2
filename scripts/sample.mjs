#!/usr/bin/env node
// The sample app of the README, built and started. It knows the schedule of one process, or of one Redis:
//   npm run sample -- --memory
//   REDIS_URL=redis://127.0.0.1:6379 npm run sample

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildApp } from './build-app.mjs';

await import(pathToFileURL(join(buildApp('sample'), 'main.js')).href);
