import { CODE, FLAG, head, KIND, LARGEST_PAYLOAD, numbers, ProtocolFault } from "./frames.ts";
import type { Headers } from "./header-block.ts";
import { type Ending, type Listener, type Stream, Unsent } from "./stream.ts";

/** Bytes that the server may send on one stream before we have taken them: a slow reader stops it, and it alone. */
export const STREAM_WINDOW = 1 << 20;

/** What a stream needs of its connection. */
export interface Link {
  /** Bytes that the server lets this connection send. */
  window: number;
  send(...bytes: readonly Uint8Array[]): void;
  ended(stream: LiveStream): void;
}

/** A stream from its request to its end. It has an ID as soon as the server takes one more. */
export class LiveStream implements Stream {
  id = 0;
  ended = false;
  readonly #link: Link;
  readonly #block: Uint8Array;
  readonly #listener: Listener;
  /** It has no end of its own, such as a watch. */
  readonly lasting: boolean;
  readonly #unsent = new Unsent();
  #window = 0;
  #consumed = 0;
  /** What the server may still send. */
  #granted = STREAM_WINDOW;

  /** @param block the headers of the request, encoded. */
  constructor(link: Link, block: Uint8Array, listener: Listener, lasting = false) {
    this.#link = link;
    this.#block = block;
    this.#listener = listener;
    this.lasting = lasting;
  }

  get begun(): boolean {
    return this.id !== 0;
  }

  /** @param window bytes that the server lets each stream send at first. */
  begin(id: number, window: number): void {
    this.id = id;
    this.#window = window;
    for (let from = 0; from === 0 || from < this.#block.length; from += LARGEST_PAYLOAD) {
      const part = this.#block.subarray(from, from + LARGEST_PAYLOAD);
      const isLast = from + part.length === this.#block.length;
      const kind = from === 0 ? KIND.headers : KIND.continuation;
      this.#link.send(head(kind, isLast ? FLAG.endHeaders : 0, id, part.length), part);
    }
    this.pump();
  }

  write(bytes: Uint8Array, last: boolean): void {
    if (this.ended) return;
    this.#unsent.add(bytes, last);
    if (this.begun) this.pump();
  }

  /** Sends what the windows let through now. */
  pump(): void {
    while (!this.ended) {
      const most = Math.min(this.#window, this.#link.window, LARGEST_PAYLOAD);
      const piece = this.#unsent.take(most);
      if (piece === undefined) return;
      const { bytes, last } = piece;
      this.#window -= bytes.length;
      this.#link.window -= bytes.length;
      this.#link.send(head(KIND.data, last ? FLAG.endStream : 0, this.id, bytes.length), bytes);
    }
  }

  /** The server lets this stream send more, or less where it has changed its settings. */
  widen(bytes: number): void {
    this.#window += bytes;
    this.pump();
  }

  headers(headers: Headers): void {
    if (!this.ended) this.#listener.headers(headers);
  }

  /**
   * @param padding bytes that came with them and count as well.
   * @throws ProtocolFault where the server sends more than we have let it: we would keep it all for a slow reader.
   */
  data(bytes: Uint8Array, padding: number): void {
    if (this.ended) return;
    this.#granted -= bytes.length + padding;
    if (this.#granted < 0) throw new ProtocolFault("the server sends more than it may");
    if (padding > 0) this.consumed(padding);
    if (bytes.length > 0) this.#listener.data(bytes);
  }

  consumed(bytes: number): void {
    this.#consumed += bytes;
    if (this.ended || this.#consumed < STREAM_WINDOW / 2) return;
    this.#link.send(numbers(KIND.window, this.id, this.#consumed));
    this.#granted += this.#consumed;
    this.#consumed = 0;
  }

  /** The server has said all. What it did not want to hear any more is not sent. */
  answered(): void {
    if (this.ended) return;
    if (!this.#unsent.done) this.#link.send(numbers(KIND.reset, this.id, CODE.cancel));
    this.end({});
  }

  cancel(): void {
    if (this.ended) return;
    if (this.begun) this.#link.send(numbers(KIND.reset, this.id, CODE.cancel));
    this.end({ resetCode: this.begun ? CODE.cancel : CODE.refused });
  }

  end(ending: Ending): void {
    if (this.ended) return;
    this.ended = true;
    this.#link.ended(this);
    this.#listener.end(ending);
  }
}
