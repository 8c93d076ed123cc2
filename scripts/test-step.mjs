// One step of scripts/test.mjs: a process with its children, how long it may take, and what it has printed.

import { spawn } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

/** A step that hangs must not hang whoever waits for the last line. */
const MAX_STEP_MS = 25 * 60_000;
/** What a step has to clean up after itself: servers, folders, mounts, networks. */
const CLEAN_UP_MS = 10_000;

/** Those that run. An interrupt ends them all, and tells what they have said so far. */
const running = new Set();
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    for (const step of running) step.interrupt();
    process.exit(130);
  });
}

/**
 * Resolves with its exit code and its output when it has ended, and never rejects.
 * @param {string} command
 * @param {readonly string[]} args
 */
export async function runStep(command, args) {
  const step = new Step(command, args);
  running.add(step);
  const code = await step.code;
  running.delete(step);
  return { code, output: step.output };
}

class Step {
  output = '';
  child;
  timers = [];

  constructor(command, args) {
    // A group of its own, so that it can be ended with its children.
    this.child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    const { stdout, stderr } = this.child;
    for (const stream of [stdout, stderr]) stream.setEncoding('utf8').on('data', (text) => this.say(text));
    this.after(MAX_STEP_MS, () => {
      this.say(`stopped after ${MAX_STEP_MS / 60_000} minutes\n`);
      this.stop('SIGTERM');
      this.after(CLEAN_UP_MS, () => this.stop('SIGKILL'));
    });
  }

  /** Of its end, and that of its output: a child that outlives it would hold that open for ever. */
  get code() {
    return new Promise((resolve) => {
      const finish = (code) => {
        for (const timer of this.timers) clearTimeout(timer);
        // The group may outlive its first process.
        this.stop('SIGKILL');
        resolve(code ?? 1);
      };
      this.child.once('error', ({ message }) => {
        this.say(`${message}\n`);
        finish(1);
      });
      this.child.once('exit', (code) => this.after(CLEAN_UP_MS, () => finish(code)));
      this.child.once('close', finish);
    });
  }

  interrupt() {
    this.stop('SIGTERM');
    process.stdout.write(this.output);
  }

  say(text) {
    this.output += text;
  }

  after(ms, act) {
    this.timers.push(setTimeout(act, ms));
  }

  stop(signal) {
    // There is no group of a process that did not start, and -0 would be our own.
    if (this.child.pid === undefined) return;
    try {
      process.kill(-this.child.pid, signal);
    } catch {
      // It has ended in the meantime.
    }
  }
}
