/**
 * 32 bits of a text, well mixed: FNV-1a, then the finaliser of MurmurHash3, as FNV alone leaves similar texts with
 * similar hashes. The same on every instance and in every release: rank and jitter stand on it. Not for secrets.
 */
export function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
