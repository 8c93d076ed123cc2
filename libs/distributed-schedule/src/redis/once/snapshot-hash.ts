import type { KeptValue, Snapshot, SnapshotStatus } from '../../once/snapshot-store.js';

export function snapshotFromHash(jobId: string, fieldsAndValues: readonly unknown[]): Snapshot | undefined {
  const fields = new Map<string, string>();
  for (let index = 0; index + 1 < fieldsAndValues.length; index += 2) {
    fields.set(String(fieldsAndValues[index]), String(fieldsAndValues[index + 1]));
  }
  const status = fields.get('status');
  if (status === undefined) return undefined;
  const token = fields.get('token');
  const error = fields.get('error');
  return {
    jobId,
    status: status as SnapshotStatus,
    attempt: Number(fields.get('attempt')),
    ...(token === undefined ? {} : { fencingToken: Number(token) }),
    ...keptOf('input', fields),
    ...keptOf('output', fields),
    ...(error === undefined ? {} : { error }),
    begunAtUs: Number(fields.get('begun')),
    updatedAtUs: Number(fields.get('updated')),
  };
}

export function hashOfOutput({ digest, json }: KeptValue): readonly string[] {
  return [
    ...(digest === undefined ? [] : ['outputDigest', digest]),
    ...(json === undefined ? [] : ['output', json]),
  ];
}

function keptOf(
  name: 'input' | 'output',
  fields: ReadonlyMap<string, string>,
): Partial<Record<'input' | 'output', KeptValue>> {
  const digest = fields.get(`${name}Digest`);
  const json = fields.get(name);
  if (digest === undefined) return {};
  return { [name]: { digest, ...(json === undefined ? {} : { json }) } };
}
