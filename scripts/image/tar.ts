/** One member of an archive: a file, a folder, or a symbolic link. Paths of at most 100 bytes. */
export type TarEntry =
  | { readonly path: string; readonly bytes: Uint8Array; readonly mode?: number }
  | { readonly path: string; readonly folder: true; readonly mode?: number }
  | { readonly path: string; readonly target: string };

const BLOCK = 512;

/** A POSIX ustar archive (IEEE Std 1003.1, pax, "ustar Interchange Format"), root's, of time 0. */
export function tar(entries: readonly TarEntry[]): Uint8Array {
  const parts = entries.flatMap((entry) => {
    const bytes = "bytes" in entry ? entry.bytes : new Uint8Array();
    return [header(entry, bytes.length), bytes, new Uint8Array(padding(bytes.length))];
  });
  return concatenate([...parts, new Uint8Array(2 * BLOCK)]);
}

function header(entry: TarEntry, size: number): Uint8Array {
  const block = new Uint8Array(BLOCK);
  const put = (offset: number, text: string) => block.set(new TextEncoder().encode(text), offset);
  put(0, "folder" in entry ? `${entry.path}/` : entry.path);
  put(100, octal(modeOf(entry), 8));
  put(108, octal(0, 8));
  put(116, octal(0, 8));
  put(124, octal(size, 12));
  put(136, octal(0, 12));
  put(148, "        ");
  put(156, "target" in entry ? "2" : "folder" in entry ? "5" : "0");
  if ("target" in entry) put(157, entry.target);
  put(257, "ustar\0");
  put(263, "00");
  // The checksum is taken with blanks in its own place.
  const sum = block.reduce((total, byte) => total + byte, 0);
  put(148, `${sum.toString(8).padStart(6, "0")}\0 `);
  return block;
}

function modeOf(entry: TarEntry): number {
  if ("target" in entry) return 0o777;
  return entry.mode ?? ("bytes" in entry ? 0o644 : 0o755);
}

function octal(value: number, width: number): string {
  return `${value.toString(8).padStart(width - 1, "0")}\0`;
}

function padding(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
