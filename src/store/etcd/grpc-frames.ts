/** A message as gRPC sends it: not compressed, its length, its bytes. */
export function frame(message: Uint8Array): Uint8Array {
  const framed = new Uint8Array(message.length + PREFIX);
  new DataView(framed.buffer).setUint32(1, message.length);
  framed.set(message, PREFIX);
  return framed;
}

const PREFIX = 5;

/** Cuts a stream of bytes into the messages that `frame` put there. */
export class FrameReader {
  #rest = new Uint8Array(0);

  /** The messages that are complete with this chunk. */
  read(chunk: Uint8Array): Uint8Array[] {
    const bytes = this.#rest.length === 0 ? chunk : joined(this.#rest, chunk);
    const messages: Uint8Array[] = [];
    let start = 0;
    while (bytes.length - start >= PREFIX) {
      const length = new DataView(bytes.buffer, bytes.byteOffset + start).getUint32(1);
      const end = start + PREFIX + length;
      if (bytes.length < end) break;
      messages.push(bytes.subarray(start + PREFIX, end));
      start = end;
    }
    this.#rest = bytes.slice(start);
    return messages;
  }
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array {
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}
