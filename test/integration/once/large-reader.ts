/** A process that makes one attempt at a job, whose effect writes a line and then reads a large result. It is stopped from outside meanwhile. */

import pg from 'pg';
import { newJob, runIn, storeIn } from './once-in-postgres.js';

/** A gigabyte: it is stopped long before it has read that. */
const LARGE = "SELECT repeat('x', 1000) AS large FROM generate_series(1, 1000000)";

const [url, takeoverMs, token] = process.argv.slice(2);
const store = storeIn(new pg.Pool({ connectionString: url ?? '', max: 2 }), {
  takeoverMs: Number(takeoverMs),
});
const job = { ...newJob(), ...(token === undefined ? {} : { fencingToken: Number(token) }) };
const ended = runIn(store, job, async (tx) => {
  await tx.query("INSERT INTO ledger VALUES ('of the reader')");
  process.send?.({ jobId: job.jobId, pid: process.pid });
  await tx.query(LARGE);
});
const how = await ended.then(
  ({ kind }) => kind,
  () => 'threw',
);
process.send?.({ how });
process.disconnect();
process.exit();
