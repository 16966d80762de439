/** What may stand in a file name as it is; CNI container IDs and network names do. */
const PLAIN = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
/** Leaves room for suffixes within the 255 bytes of a Linux file name. */
const LONGEST = 180;

/**
 * A file name for some words, the same in every process and version: readable where the words allow it,
 * else a hash. Different words never share a name.
 */
export function fileName(...words: readonly string[]): string {
  const readable = words.join("@");
  if (readable.length <= LONGEST && words.every((word) => PLAIN.test(word))) return readable;
  const hash = new Bun.CryptoHasher("sha256").update(JSON.stringify(words)).digest("hex");
  return `@${hash}`;
}
