/** Frames a message for gRPC: a flag (not compressed), its length, its bytes. */
export function frame(message: Uint8Array): Uint8Array {
  const framed = new Uint8Array(message.length + PREFIX);
  new DataView(framed.buffer).setUint32(1, message.length);
  framed.set(message, PREFIX);
  return framed;
}

const PREFIX = 5;
/** Bytes. A page of records, or what a watch missed, is far smaller. */
const LARGEST_MESSAGE = 64 << 20;

/** Cuts a stream of bytes into the messages that `frame` made. Keeps no more of them than one may have. */
export class FrameReader {
  #chunks: Uint8Array[] = [];
  #length = 0;
  /** Bytes without which no further message can be complete. */
  #needed = PREFIX;

  /** Takes a chunk. Returns the messages that are complete now. @throws Error for one that is larger than any may be. */
  read(chunk: Uint8Array): Uint8Array[] {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    if (this.#length < this.#needed) return [];
    const bytes = this.#chunks.length === 1 ? chunk : joined(this.#chunks, this.#length);
    const messages: Uint8Array[] = [];
    let start = 0;
    let end = endOf(bytes, start);
    while (end <= bytes.length) {
      messages.push(bytes.subarray(start + PREFIX, end));
      start = end;
      end = endOf(bytes, start);
    }
    this.#chunks = start === bytes.length ? [] : [bytes.subarray(start)];
    this.#length = bytes.length - start;
    this.#needed = end - start;
    return messages;
  }
}

/** Where the message that begins at `start` ends; unless its prefix is whole, where that ends. */
function endOf(bytes: Uint8Array, start: number): number {
  if (bytes.length - start < PREFIX) return start + PREFIX;
  const length = new DataView(bytes.buffer, bytes.byteOffset + start).getUint32(1);
  if (length > LARGEST_MESSAGE) throw new Error(`the server sends a message of ${length} bytes`);
  return start + PREFIX + length;
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const all = new Uint8Array(length);
  let start = 0;
  for (const chunk of chunks) {
    all.set(chunk, start);
    start += chunk.length;
  }
  return all;
}
