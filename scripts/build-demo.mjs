#!/usr/bin/env node
// Builds apps/demo where its sources are newer than what was built. Also the set-up of the end-to-end tests.

import { pathToFileURL } from 'node:url';
import { buildApp } from './build-app.mjs';

/** The folder of the compiled app: main.js, showcase/showcase.js. */
export function buildDemo() {
  return buildApp('demo');
}

/** Vitest calls this once before the end-to-end tests. */
export default function setUp() {
  buildDemo();
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) buildDemo();
