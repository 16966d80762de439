import { FLAG, type Frame, KIND, ProtocolFault, unpadded } from "./frames.ts";
import { HeaderDecoder, type Headers } from "./header-block.ts";

/** Bytes of one answer's headers, which hold a status and a message. */
const MOST_BYTES = 256 << 10;
const MOST_FRAMES = 256;

/** Headers or trailers that are whole. */
export interface Whole {
  readonly stream: number;
  readonly headers: Headers;
  /** Nothing follows on this stream. */
  readonly last: boolean;
}

/** Puts the frames of headers together, which come one after the other. */
export class HeaderFrames {
  readonly #decoder = new HeaderDecoder();
  #block: { readonly first: Frame; readonly parts: Uint8Array[]; size: number } | undefined;

  /** The next frame must go on with these headers. */
  get isOpen(): boolean {
    return this.#block !== undefined;
  }

  /**
   * Takes a frame of headers; what is whole now is decoded, also for a stream that has ended: the next ones build on it.
   *
   * @throws ProtocolFault, HeaderFault
   */
  take(frame: Frame): Whole | undefined {
    const isFirst = frame.kind === KIND.headers;
    if (isFirst) this.#block = { first: frame, parts: [], size: 0 };
    const block = this.#block;
    if (block === undefined || block.first.stream !== frame.stream)
      throw new ProtocolFault("headers go on that have not begun");
    const part = isFirst ? unpadded(frame) : frame.payload;
    block.parts.push(part);
    block.size += part.length;
    if (block.size > MOST_BYTES || block.parts.length > MOST_FRAMES)
      throw new ProtocolFault("the headers have no end");
    if ((frame.flags & FLAG.endHeaders) === 0) return undefined;
    this.#block = undefined;
    return {
      stream: frame.stream,
      headers: this.#decoder.decode(Buffer.concat(block.parts)),
      last: (block.first.flags & FLAG.endStream) !== 0,
    };
  }
}
