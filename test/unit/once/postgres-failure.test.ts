import { describe, expect, it } from 'vitest';
import { failureOf, refusal } from '#src/postgres/postgres-failure.js';

describe('failureOf', () => {
  it('takes a broken pipe for a lost connection, though its code has the form of an SQLSTATE', () => {
    const broken = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
    expect(failureOf(broken)).toEqual({ kind: 'unreachable', reason: 'EPIPE' });
  });

  it('takes the same five letters from a server for what the server said', () => {
    const raised = Object.assign(new Error('raised'), { code: 'EPIPE', severity: 'ERROR' });
    expect(failureOf(raised)).toEqual({ kind: 'refused', reason: 'EPIPE' });
  });
});

describe('refusal', () => {
  const messageOf = (code: string) =>
    refusal(failureOf(Object.assign(new Error('secret'), { code })), 't').message;

  it('says in words what is wrong most often', () => {
    expect(messageOf('3D000')).toContain('(SQLSTATE 3D000: there is no such database)');
    expect(messageOf('28P01')).toContain('(SQLSTATE 28P01: the login was refused)');
  });

  it('has the bare code of everything else', () => {
    expect(messageOf('54000')).toContain('(SQLSTATE 54000)');
  });
});
