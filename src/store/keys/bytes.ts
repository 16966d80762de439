const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Text as etcd keeps it: keys and values are bytes. */
export function toBytes(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text);
}

export function toText(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}
