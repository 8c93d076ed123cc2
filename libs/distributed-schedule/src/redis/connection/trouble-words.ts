/** What people read of a node that does not answer: what is wrong, then what to do. Never a host name, never a secret. */

import type { CallPatience } from '../../protocol/time/call-patience.js';
import {
  type FailureCode,
  MAX_CLIENTS,
  NO_CLUSTER,
  NO_CLUSTER_NODE,
  NO_SENTINEL,
  NOT_REDIS,
  PROTECTED,
  TIMED_OUT,
  UNKNOWN,
} from './failure-code.js';
import type { CallFailure } from './node-call.js';

export interface TroubleTerms {
  readonly nodeTimeoutMs: number;
  readonly isTls: boolean;
}

export const CONNECT_TIMEOUT_MS = 1_000;

/** Replies vary, and a timeout at their usual length would lose half of them. */
const TIMEOUT_PER_REPLY = 2;

/** With a longer nodeTimeoutMs, runs of a dead instance are not taken over for many seconds. */
const MAX_PROPOSAL_MS = 2_000;

const LOOK_AT_THE_WAY = 'look at host, network and firewall';
const NO_TLS = 'a port without TLS';

/** By the code of a failed attempt. What stands in front of the colon is what is wrong. */
const WORDS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its host name is not known here (ENOTFOUND): correct the host, or make it known to DNS',
  EAI_AGAIN: 'its host name cannot be looked up at this time (EAI_AGAIN): look at DNS',
  ECONNREFUSED: 'nobody listens at its address (ECONNREFUSED): start Redis there, or correct host and port',
  EHOSTUNREACH: `no way leads to its address (EHOSTUNREACH): ${LOOK_AT_THE_WAY}`,
  ENETUNREACH: `no way leads to its address (ENETUNREACH): ${LOOK_AT_THE_WAY}`,
  ENOENT: 'there is no socket file at its path (ENOENT): start Redis there, or correct the path',
  [MAX_CLIENTS]: 'it takes no more connections: raise its maxclients, or close connections that nobody uses',
  [PROTECTED]:
    'it is in protected mode, which takes connections from its own machine only: set a password or a user there',
  [NOT_REDIS]: 'what answers at its address does not speak the protocol of Redis: correct host and port',
  LOADING: 'it is loading its data (LOADING): it votes when that is done',
  BUSY: "another client's script keeps it busy (BUSY): SCRIPT KILL ends the script",
  READONLY: 'it is a replica (READONLY), and only masters vote: give the address of its master',
  MASTERDOWN: 'it is a replica (MASTERDOWN), and only masters vote: give the address of its master',
  MOVED: clusterMember('MOVED'),
  [NO_CLUSTER_NODE]:
    'no node of its Cluster takes a connection: look at hosts, ports, network and firewall, and whether TLS is wanted',
  [NO_CLUSTER]: 'it is in no Redis Cluster: pass its address instead of a Cluster client',
  CLUSTERDOWN: 'its cluster is down (CLUSTERDOWN): look at CLUSTER INFO',
  OOM: 'it has no memory left (OOM): raise its maxmemory, or remove keys',
  MISCONF: 'it takes no writes, since it cannot save to its disk (MISCONF): look at its disk and its log',
  NOREPLICAS:
    'it takes no writes, since too few replicas are connected (NOREPLICAS): look at min-replicas-to-write',
  REPLICAS_MISSING:
    'too few replicas have acknowledged a grant in time: look at its replicas, or lower waitReplicas',
  NOPERM: 'its user lacks a right (NOPERM): the errors page lists those that are needed',
  [NO_SENTINEL]: 'no Sentinel answers, or none knows a master of that name: correct sentinels and name',
  [UNKNOWN]: 'connections to it end for a reason that has no code: its own log may say more',
  NOAUTH: 'it asks for a password (NOAUTH): give one',
};

const CERTIFICATE_DATES = /^CERT_(HAS_EXPIRED|NOT_YET_VALID)$/;
const CERTIFICATES = /CERT|ISSUER|LEAF_SIGNATURE/;
const CLIENT_CERTIFICATE = /^ERR_SSL_.*ALERT_(CERTIFICATE_REQUIRED|BAD_CERTIFICATE|HANDSHAKE_FAILURE)/;

/** @param lateMs how late the newest reply came, where one came too late */
export function wordsOfTrouble(
  { code, otherVersion }: CallFailure,
  terms: TroubleTerms,
  lateMs: number | undefined,
): string {
  if (code === TIMED_OUT) return wordsOfTimeout(terms.nodeTimeoutMs, lateMs);
  if (otherVersion !== undefined) {
    return `another version of this library has written there (protocol ${otherVersion}): run one version at a time, or give each a namespace`;
  }
  return (
    wordsOfConnection(code, terms.isTls) ??
    WORDS[code] ??
    `it answers with an error (${code}): its own log may say more`
  );
}

export const HUNG_UP_LATER =
  'it ends connections (ECONNRESET), and has answered here before: it was stopped or is restarting, or something on the way cuts them';

/** Whether a write or a read meets the end first is chance. */
export function isHangUp(code: FailureCode): boolean {
  return code === 'ECONNRESET' || code === 'EPIPE';
}

export function clusterMember(how: string): string {
  return `it is a member of a Redis Cluster (${how}): pass an ioredis Cluster client instead of its address`;
}

const NOTICED_LATE = 'so the death of an instance is noticed late there';

export function unsubscribedPresence(code: FailureCode, keyPrefix: string): string {
  return code === 'NOPERM'
    ? `its user may not subscribe, ${NOTICED_LATE}: ACL SETUSER <user> +subscribe &${keyPrefix}:presence:*`
    : `it takes no subscription (${code}), ${NOTICED_LATE}: let SUBSCRIBE through, and rename no commands`;
}

export function unshownPresence(why: string): string {
  return `it has one connection of this instance where there should be two, ${NOTICED_LATE}: of the second, ${why}`;
}

/** Of nodes that are waited for longer than the option says: nothing is lost, but ticks start late. */
export function slowness({ isStretched, timeoutMs }: CallPatience): readonly string[] {
  if (!isStretched) return [];
  const patienceMs = Math.round(timeoutMs);
  return [
    `it and others answer late: calls are waited for up to ${patienceMs} ms, longer than nodeTimeoutMs, and ticks start late: ` +
      'use a Redis that is nearer or less busy',
  ];
}

function wordsOfTimeout(nodeTimeoutMs: number, lateMs: number | undefined): string {
  if (lateMs === undefined) {
    return `it does not answer within ${nodeTimeoutMs} ms (nodeTimeoutMs): it is frozen, overloaded, cut off, or further away than that`;
  }
  const measured = `it is slow (its newest reply came after ${Math.round(lateMs)} ms, and nodeTimeoutMs is ${nodeTimeoutMs})`;
  const proposedMs = Math.ceil((TIMEOUT_PER_REPLY * lateMs) / 10) * 10;
  const orRaise = `, or raise nodeTimeoutMs to ${proposedMs} and lease.ttlMs to more than three times that`;
  return `${measured}: use a Redis that is nearer or less busy${proposedMs > MAX_PROPOSAL_MS ? '' : orRaise}`;
}

/** How a connection ends before anything can be asked on it. Much of it depends on TLS. */
function wordsOfConnection(code: FailureCode, isTls: boolean): string | undefined {
  if (code === 'ETIMEDOUT') {
    const orTls = isTls ? `; ${NO_TLS} says nothing either, and takes redis:// and no tls option` : '';
    return `nobody answers at its address within ${CONNECT_TIMEOUT_MS} ms (ETIMEDOUT): ${LOOK_AT_THE_WAY}${orTls}`;
  }
  if (isHangUp(code)) {
    return isTls
      ? `it ends connections before TLS stands (ECONNRESET): its port may be one without TLS (redis://), or want a client certificate (tls: { cert, key })`
      : `it ends connections before it has said a word (ECONNRESET): its port may want TLS (rediss://), or be that of a proxy without a server`;
  }
  if (CLIENT_CERTIFICATE.test(code)) {
    return `it wants a client certificate (${code}): pass tls: { cert, key }`;
  }
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_')) {
    return `it does not speak TLS as it is asked to (${code}): ${NO_TLS} takes redis:// and no tls option`;
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return `its certificate is for another host name (${code}): use the name that it is for, or pass it as tls: { servername }`;
  }
  if (CERTIFICATE_DATES.test(code)) {
    return `its certificate is not valid at this time (${code}): renew it, or set the clock`;
  }
  return CERTIFICATES.test(code)
    ? `its certificate is not trusted here (${code}): pass the authority that signed it as tls: { ca }`
    : undefined;
}
