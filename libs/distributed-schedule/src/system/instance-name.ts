/** `host-pid-random`. Host and process are for people; only the random part is unique: containers share both. */

import { hostname } from 'node:os';
import type { Random } from '../protocol/contract/ports.js';

export interface ProcessFacts {
  readonly host: string;
  readonly pid: number;
}

/** As long as a host name may be in Kubernetes. */
const MAX_HOST_LENGTH = 63;
/** 48 bits: of a thousand instances of one name, two are the same once in half a billion times. */
const RANDOM_DIGITS = 12;

export function instanceName(
  random: Pick<Random, 'id'>,
  facts: ProcessFacts = { host: hostname(), pid: process.pid },
): string {
  return `${safeHost(facts.host)}-${facts.pid}-${random.id().slice(0, RANDOM_DIGITS)}`;
}

/** Ids stand in claims, where whitespace parts words, and in names of channels, where access rules know braces and stars. */
function safeHost(host: string): string {
  const safe = host.replaceAll(/[^A-Za-z0-9._-]+/g, '-').replaceAll(/^-+|-+$/g, '');
  return safe === '' ? 'host' : safe.slice(0, MAX_HOST_LENGTH);
}
