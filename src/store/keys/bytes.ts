const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Text as bytes, as etcd has keys and values. */
export function toBytes(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text);
}

/** The text of such bytes. */
export function toText(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}
