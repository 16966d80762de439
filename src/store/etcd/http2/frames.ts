/** Kinds of frames (RFC 9113, section 6), by their numbers. */
export const KIND = {
  data: 0,
  headers: 1,
  reset: 3,
  settings: 4,
  push: 5,
  ping: 6,
  goAway: 7,
  window: 8,
  continuation: 9,
} as const;

export const FLAG = { endStream: 1, acknowledged: 1, endHeaders: 4, padded: 8, priority: 0x20 } as const;

/** Why a stream or connection ends (RFC 9113, section 7). */
export const CODE = { refused: 7, cancel: 8 } as const;

/** One frame; `payload` without its head. */
export interface Frame {
  readonly kind: number;
  readonly flags: number;
  /** 0: the connection itself. */
  readonly stream: number;
  readonly payload: Uint8Array;
}

const HEAD = 9;
/** No larger frame is taken: the least that each side must allow, and all that we do. */
export const LARGEST_PAYLOAD = 16_384;

/** The bytes of a frame whose payload follows them. */
export function head(kind: number, flags: number, stream: number, length: number): Uint8Array {
  const bytes = new Uint8Array(HEAD);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, length * 0x100 + kind);
  view.setUint8(4, flags);
  view.setUint32(5, stream);
  return bytes;
}

/** A frame whose payload is numbers of four bytes. */
export function numbers(kind: number, stream: number, ...payload: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(HEAD + 4 * payload.length);
  bytes.set(head(kind, 0, stream, 4 * payload.length));
  const view = new DataView(bytes.buffer);
  payload.forEach((each, index) => {
    view.setUint32(HEAD + 4 * index, each);
  });
  return bytes;
}

/** A fault of the peer that ends the connection. */
export class ProtocolFault extends Error {
  override readonly name = "ProtocolFault";
}

/** Cuts what comes in into frames. */
export class FrameCutter {
  #rest: Uint8Array = new Uint8Array();

  /** The frames that are whole now. Their payloads are parts of `chunk`. @throws ProtocolFault for one too large. */
  *cut(chunk: Uint8Array): Generator<Frame> {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    while (bytes.length - at >= HEAD) {
      const first = view.getUint32(at);
      const length = first >>> 8;
      if (length > LARGEST_PAYLOAD) throw new ProtocolFault("the server does not speak HTTP/2");
      if (bytes.length - at < HEAD + length) break;
      const begin = at + HEAD;
      at = begin + length;
      yield {
        kind: first & 0xff,
        flags: view.getUint8(begin - 5),
        stream: view.getUint32(begin - 4) & 0x7fffffff,
        payload: bytes.subarray(begin, at),
      };
    }
    this.#rest = bytes.subarray(at);
  }
}

/** What a frame of data or headers holds, without padding and priority. @throws ProtocolFault */
export function unpadded({ flags, kind, payload }: Frame): Uint8Array {
  const isPadded = (flags & FLAG.padded) !== 0;
  const padding = isPadded ? (payload[0] ?? 0) : 0;
  const priority = kind === KIND.headers && (flags & FLAG.priority) !== 0 ? 5 : 0;
  const begin = (isPadded ? 1 : 0) + priority;
  const end = payload.length - padding;
  if (end < begin) throw new ProtocolFault("a frame is all padding");
  return payload.subarray(begin, end);
}
