import { Writable } from 'node:stream';

/** A socket that keeps what has left it, by write: `one+other` for what left in one. */
export function keptWrites(): { readonly stream: Writable; readonly writes: string[] } {
  const writes: string[] = [];
  const stream = new Writable({
    decodeStrings: false,
    write: (text, _encoding, done) => {
      writes.push(String(text));
      done();
    },
    writev: (chunks, done) => {
      writes.push(chunks.map(({ chunk }) => String(chunk)).join('+'));
      done();
    },
  });
  return { stream, writes };
}
